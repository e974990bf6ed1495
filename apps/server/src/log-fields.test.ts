import { routes } from '@strata/fl-core/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { committed, startCrew } from './testing/crew.ts';
import { TestServer } from './testing/server.ts';

let server: TestServer;
const lines: Record<string, unknown>[] = [];
beforeAll(async () => {
  const stream = { write: (line: string) => void lines.push(JSON.parse(line)) };
  server = await TestServer.start({}, undefined, { level: 'info', stream });
}, 120_000);
afterAll(() => server.close(), 60_000);

const of = (kind: string) => lines.filter((line) => line.kind === kind);

it('lines of the log name run, round and client as fields, and no secret', async () => {
  const { id, clients } = await startCrew(
    server,
    [
      {},
      {},
      {
        // Half of what it was asked for: refused, and then all of it.
        train: async (client, work) => {
          await client.upload(work.round, client.delta(work).slice(1)).catch(() => {});
          await client.upload(work.round, client.delta(work));
        },
      },
    ],
    { rounds: 1 },
  );
  await committed(server, id, 1);
  expect(of('round-opened')).toEqual([expect.objectContaining({ level: 30, run: id, round: 1 })]);
  expect(of('round-committed')).toEqual([expect.objectContaining({ level: 30, run: id, round: 1 })]);
  expect(of('update-refused')).toEqual([
    expect.objectContaining({ level: 40, run: id, round: 1, client: 'c3' }),
  ]);
  // What goes wrong on the way to the database is about somebody, too.
  const { blobs } = server.store;
  const spool = blobs.spool.bind(blobs);
  blobs.spool = () => Promise.reject(new Error('the disk is odd'));
  const run = await startCrew(server, [{}, {}, {}], { rounds: 1 });
  await expect
    .poll(() => lines.filter((l) => l.msg === 'request failed'), { timeout: 20_000 })
    .toContainEqual(expect.objectContaining({ run: run.id, round: 1, client: 'c1' }));
  blobs.spool = spool;
  await server.command(run.id, 'stop');
  const secrets = [...clients, ...run.clients].map(({ secret }) => secret);
  const { joinKey } = await server.operator.call(routes.run, { params: { run: id } });
  const all = JSON.stringify(lines);
  expect([joinKey, ...secrets].filter((secret) => all.includes(secret))).toEqual([]);
}, 60_000);
