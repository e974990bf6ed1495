import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunConfigInput } from '@strata/fl-core/protocol';
import { exchangeOf, termsAfter } from '@strata/fl-core/rounds';
import {
  allDo,
  memoryRun,
  SealedClient,
  sealedAggregation,
  startCrew,
  testConfig,
  tinyModel,
} from '@strata/fl-core/rounds/testing';
import type { SealedResult } from '@strata/fl-core/rounds/types';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openAside, openSums, type SumsJob } from './sealed-sums.ts';

let folder: string;
let job: SumsJob;
let played: SealedResult | null;

/** A sealed round of eight, played in memory; one of them is lost between sharing and upload. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strata-sums-'));
  const config = testConfig({
    model: tinyModel,
    side: 8,
    strategy: { name: 'gradient-norm' },
    budget: { kind: 'fixed', unit: 'layers', amount: 1 },
    cohort: { goal: 8, minimum: 5, quorum: 0.5, grace: { share: 0, seconds: 1 } },
    aggregation: sealedAggregation,
  } as Partial<RunConfigInput>);
  const run = await memoryRun({ config });
  const ids = await startCrew(run, 8);
  const clients = await Promise.all(ids.map((id) => SealedClient.of(run, id)));
  const { terms } = run.book;
  await allDo(clients, 'prepare');
  await allDo(clients, 'share');
  await run.leave('c3');
  const left = clients.filter((client) => client.id !== 'c3');
  await allDo(left, 'mask');
  await allDo(left, 'release');
  played = run.book.round(1).sealed;
  const cohort = run.book.cohort(1);
  const paths = new Map<string, string>();
  for (const { client, update } of cohort) {
    if (update === null) continue;
    paths.set(update, join(folder, client));
    await writeFile(join(folder, client), run.book.read(update));
  }
  const exchange = exchangeOf(run.book.run, 1, run.book.checkpoint(0).layers, terms);
  expect(terms).toEqual(termsAfter(config, 0, null));
  job = { config, exchange, terms, cohort, paths };
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

it('opens from files what a round in memory opens, and the same in a thread, leaving the server free meanwhile', async () => {
  const here = await openSums(job);
  expect(here.result).toEqual(played);
  expect(here.result.layers.head).toMatchObject({ members: 7, weight: 36 - 3 });
  expect(here.layers.size).toBeGreaterThan(1);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const aside = await openAside(job, 0);
  clearInterval(timer);
  expect(aside).toEqual(here);
  expect(turns).toBeGreaterThan(0);
}, 60_000);

it('refuses in a thread as it does here: with shares missing nothing is opened', async () => {
  const cohort = job.cohort.map((m) =>
    m.sealing && ['c1', 'c2'].includes(m.client) ? { ...m, sealing: { ...m.sealing, released: null } } : m,
  );
  for (const small of [0, Number.POSITIVE_INFINITY]) {
    await expect(openAside({ ...job, cohort }, small)).rejects.toMatchObject({
      name: 'StrataError',
      code: 'too-few-shares',
    });
  }
}, 60_000);
