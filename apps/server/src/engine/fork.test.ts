// @module-tag long
import { routes } from '@strata/fl-core/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { committed, startCrew } from '../testing/crew.ts';
import { TestServer } from '../testing/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterAll(() => server.close(), 60_000);

it('a fork begins with the bytes of its round, goes on by itself, and keeps them when the other run is deleted', async () => {
  const { id } = await startCrew(server, [{}, {}, {}], { rounds: 5 });
  await committed(server, id, 3);
  // Under way, and its files may be deleted just now.
  const third = (await server.view(id)).checkpoint;
  const base = await server.until(id, (v) => v.state === 'finished', 'the end');
  const fork = (body: object) =>
    server.operator.call(routes.forkRun, {
      params: { run: id },
      body: { config: { ...base.config, name: 'a fork', rounds: 1, ...body } },
    });
  const made = await fork({});
  expect(made).toMatchObject({ state: 'draft', committed: 0, config: { name: 'a fork', rounds: 1 } });
  expect(made.checkpoint).toEqual({ round: 0, layers: base.checkpoint.layers });
  const earlier = await server.operator.call(routes.forkRun, {
    params: { run: id },
    body: { round: third.round, config: { ...base.config, name: 'of the third' } },
  });
  expect(earlier.checkpoint.layers).toEqual(third.layers);
  await expect
    .poll(() => server.operator.call(routes.deleteRun, { params: { run: id } }).catch(() => null), {
      timeout: 20_000,
    })
    .toMatchObject({ rounds: 5 });
  const { config } = made;
  const clients = ['a', 'b', 'c'].map((name) =>
    server.client({ run: made.id, id: name, config, key: made.joinKey }),
  );
  await Promise.all(clients.map((c) => c.join()));
  await server.command(made.id, 'start');
  const ended = await server.until(made.id, (v) => v.state === 'finished', 'the end of the fork');
  expect(ended.committed).toBe(1);
  expect(ended.checkpoint.layers).not.toEqual(made.checkpoint.layers);
  const { entries } = await server.operator.call(routes.audit, { query: { limit: 100 } });
  expect(entries.find((e) => e.kind === 'run-created' && e.run === made.id)?.details).toMatchObject({
    from: `${id}, round ${base.checkpoint.round}`,
  });
}, 60_000);

it('a fork is refused where the model would be another, its files are gone, or a bound would not hold', async () => {
  const { id, config } = await startCrew(server, [{}, {}, {}], { rounds: 5 });
  await server.until(id, (v) => v.state === 'finished', 'the end');
  const fork = (round: number, change: object) =>
    server.operator.call(routes.forkRun, {
      params: { run: id },
      body: { round, config: { ...config, ...change } },
    });
  await expect(fork(5, { labels: [...config.labels, 'one more'] })).rejects.toMatchObject({
    code: 'bad-config',
  });
  await expect(fork(5, { side: 2 * config.side })).rejects.toMatchObject({ code: 'bad-config' });
  await expect(fork(99, {})).rejects.toMatchObject({ code: 'unknown-blob' });
  // Of five rounds the newest three are kept.
  await expect
    .poll(() => fork(1, {}).catch((error: unknown) => error))
    .toMatchObject({ code: 'unknown-blob' });
}, 60_000);
