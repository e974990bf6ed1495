import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TestServer, testConfig } from '../testing/server.ts';

describe('a run with scripted clients', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start();
  }, 120_000);
  afterEach(() => server.dropClients());
  afterAll(() => server.close());

  it('commits its rounds', async () => {
    const config = testConfig();
    const { id } = await server.createRun(config);
    const clients = ['c1', 'c2', 'c3'].map((c) => server.client({ run: id, id: c, config }));
    await Promise.all(clients.map((c) => c.join()));
    await server.command(id, 'start');
    const view = await server.until(id, (v) => v.state === 'finished', 'two rounds');
    expect(view.committed).toBe(2);
    expect(clients.flatMap((c) => c.errors)).toEqual([]);
  });
});
