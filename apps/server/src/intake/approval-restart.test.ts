// @module-tag long
import { routes } from '@strata/fl-core/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestClient } from '../testing/client.ts';
import { operatorOf, testConfig } from '../testing/server.ts';
import { ServerProcess } from '../testing/server-process.ts';

let server: ServerProcess;
beforeAll(async () => {
  server = await ServerProcess.place();
  await server.start();
}, 120_000);
afterAll(() => server.remove(), 60_000);

it('who waits to be let in, and who was let in, are known after a restart and an absence', async () => {
  const { url } = server;
  const operator = operatorOf(url);
  const config = testConfig({ approval: true });
  const { id, joinKey: key } = await operator.call(routes.createRun, { body: config });
  const approve = (client: string) =>
    operator.call(routes.commandClient, { params: { run: id, client }, body: { command: 'approve' } });
  const clients = ['a', 'b'].map((client) => new TestClient({ url, run: id, key, id: client, config }));
  for (const client of clients) expect(await client.join()).toMatchObject({ reason: 'approval' });
  await approve('a');
  for (const client of clients) {
    await client.standing('leave');
    client.drop();
  }
  await server.kill();
  await server.start();
  const view = await operator.call(routes.run, { params: { run: id } });
  expect(view.clients.map((c) => [c.id, c.presence, c.awaitsApproval])).toEqual([
    ['a', 'left', false],
    ['b', 'left', true],
  ]);
  await approve('b');
  for (const client of clients) expect(await client.join()).toMatchObject({ reason: 'run-not-started' });
  for (const client of clients) client.drop();
}, 120_000);
