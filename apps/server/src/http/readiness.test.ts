import { rm } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTables } from '../store/database.ts';
import { DiskSpace } from '../store/disk-space.ts';
import { temporaryFolder } from '../store/testing.ts';
import { readiness } from './readiness.ts';

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => rm(folder, { recursive: true }));

/** Tables over a pool whose queries end as `answer` does. */
const tables = (answer: () => Promise<unknown>) =>
  openTables(Object.assign(new pg.Pool(), { query: answer }));
const answers = async () => ({ rows: [] });
const never = () => new Promise(() => {});
const roomy = () => new DiskSpace([folder]);

test.each([
  ['nothing', answers, roomy, true, []],
  ['its engine, at a start', answers, roomy, false, ['start']],
  ['a database that refuses', () => Promise.reject(new Error('no')), roomy, true, ['database']],
  ['a database that never answers', never, roomy, true, ['database']],
  ['room', answers, () => new DiskSpace([folder], Number.MAX_SAFE_INTEGER), true, ['disk']],
  [
    'all of it',
    never,
    () => new DiskSpace([folder], Number.MAX_SAFE_INTEGER),
    false,
    ['start', 'database', 'disk'],
  ],
] as const)('a server that lacks %s says so', async (_, answer, space, started, lacks) => {
  const said = await readiness({ db: tables(answer), space: space(), hasStarted: () => started });
  expect([said.ready, said.lacks.map(({ what }) => what)]).toEqual([lacks.length === 0, lacks]);
});
