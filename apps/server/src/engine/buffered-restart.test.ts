// @module-tag long
import { routes } from '@strata/fl-core/protocol';
import { answerAll, hello, memoryRun, updateBytes } from '@strata/fl-core/rounds/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Script, TestClient } from '../testing/client.ts';
import { Gate } from '../testing/crew.ts';
import { operatorOf, testConfig, untilRun } from '../testing/server.ts';
import { ServerProcess } from '../testing/server-process.ts';

let server: ServerProcess;
const clients: TestClient[] = [];
beforeAll(async () => {
  server = await ServerProcess.place();
  await server.start();
}, 200_000);
afterAll(async () => {
  for (const client of clients) client.drop();
  await server.remove();
}, 60_000);

it('kill -9 while somebody is at work for a later round, twice: it goes on with the same work, which counts, to the same bytes', async () => {
  const { url } = server;
  const config = testConfig({
    rounds: 3,
    strategy: { name: 'top' },
    cohort: { goal: 2, minimum: 1, quorum: 0.5, timing: { kind: 'buffered', atWork: 3 } },
    deadlines: { probing: 600, training: 600, evaluating: 600 },
  });
  const gates = { slow: new Gate(), second: new Gate(), third: new Gate() };
  const handedOut: string[] = [];
  const fast: Script['train'] = async (client, work) => {
    if (work.round === 2) await gates.second.opened;
    if (work.round === 3) {
      if (client.id === 'c2') return;
      await gates.third.opened;
    }
    await client.upload(work.round, client.delta(work));
  };
  const slow: Script['train'] = async (client, work) => {
    handedOut.push(JSON.stringify({ ...work, remainingMs: 0 }));
    await gates.slow.opened;
    await client.upload(work.round, client.delta(work));
  };
  const { id, joinKey: key } = await operatorOf(url).call(routes.createRun, { body: config });
  for (const [i, train] of [fast, fast, slow].entries()) {
    const of = { url, run: id, key, id: `c${i + 1}`, config, samples: 10 * (i + 1) };
    clients.push(new TestClient({ ...of, script: { train } }));
  }
  await Promise.all(clients.map((c) => c.join()));
  await operatorOf(url).call(routes.commandRun, { params: { run: id }, body: { command: 'start' } });
  const [, , c3] = clients;
  const restart = async () => {
    await server.kill();
    await server.start();
    await c3!.until(() => clients.every((c) => c.connected), 'the connections', 120_000);
    await c3!.ask();
    expect(JSON.stringify({ ...c3!.history.at(-1), remainingMs: 0 })).toBe(handedOut[0]);
  };

  // While it is carried, and a buffer takes updates.
  await untilRun(url, id, (v) => v.rounds[1]?.phase === 'training', 'training of round 2', 120_000);
  await restart();
  gates.second.open();
  await untilRun(url, id, (v) => v.rounds[2]?.phase === 'training', 'training of round 3', 120_000);
  gates.slow.open();
  await c3!.until((w) => w.kind !== 'train', 'its update to be counted');
  // Its update lies in a buffer that is not full.
  await server.kill();
  await server.start();
  await c3!.until(() => clients.every((c) => c.connected), 'the connections', 120_000);
  gates.third.open();
  const end = await untilRun(url, id, (v) => v.state === 'finished', 'the end', 120_000);
  expect(end.rounds.map((r) => [r.phase, r.updates, r.stale?.updates])).toEqual([
    ['committed', 2, 0],
    ['committed', 2, 0],
    ['committed', 2, 1],
  ]);
  expect(new Set(handedOut).size).toBe(1);

  const run = await memoryRun({ config });
  for (const client of ['c1', 'c2', 'c3']) await run.hello(client, hello(client));
  await run.command('start');
  await answerAll(run, ['c1', 'c2'], () => run.book.committed.length === 2);
  for (const client of ['c3', 'c1']) {
    const work = run.work(client);
    if (work.kind !== 'train') throw new Error(work.kind);
    await run.update(client, work.round, updateBytes(run, client, work));
  }
  await answerAll(run, ['c1', 'c3'], () => run.book.committed.length === 3);
  expect(end.checkpoint.layers).toEqual(run.book.checkpoint(3).layers);
}, 400_000);
