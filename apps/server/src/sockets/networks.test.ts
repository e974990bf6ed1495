import { once } from 'node:events';
import { createServer } from 'node:http';
import { Caller } from '@strata/client';
import { routes } from '@strata/fl-core/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Allowance } from '../entry/allowance.ts';
import { Gate, gated, startCrew } from '../testing/crew.ts';
import { TestServer } from '../testing/server.ts';
import { createSockets } from './server.ts';

/** What stands between a participant and the server, as far as the server can tell. */

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterAll(() => server.close(), 60_000);

describe('a knock', () => {
  const knock = (headers: Record<string, string> = {}) =>
    new Caller({ server: server.url }).call(routes.knock, {}, { headers });

  it('of the own page is answered', async () => {
    await expect(knock({ origin: server.url })).resolves.toBeNull();
  });

  it('of a page that the server takes for another site’s is told how the operator mends that', async () => {
    await expect(knock({ origin: 'https://strata.example' })).rejects.toMatchObject({
      code: 'foreign-address',
      hint: expect.stringContaining('PUBLIC_URL'),
    });
  });

  it('takes nothing of what an address may open, and says when that is used up', () => {
    const allowance = new Allowance({ participantsPerAddress: 1, clientsPerRun: 10 });
    for (let n = 0; n < 50; n++) allowance.checkRoom('a');
    expect(allowance.opened('a') && allowance.opened('a')).toBe(true);
    expect(() => allowance.checkRoom('a')).toThrow('Too many connections');
    allowance.closed('a');
    expect(() => allowance.checkRoom('a')).not.toThrow();
    while (allowance.handshake('a'));
    expect(() => allowance.checkRoom('a')).toThrow('Too many connections');
  });
});

describe('a proxy that passes no WebSocket on', () => {
  it('is said in the log, once', async () => {
    const warnings: string[] = [];
    const http = createServer();
    const sockets = createSockets(http, {
      allowance: new Allowance({ participantsPerAddress: 9, clientsPerRun: 10 }),
      checkAddress: () => {},
      remoteAddress: () => 'a',
      log: { warn: (line: unknown) => warnings.push(String(line)) },
    });
    await once(http.listen(0, '127.0.0.1'), 'listening');
    const address = http.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const asked = `http://127.0.0.1:${port}/socket.io/?EIO=4&transport=`;
    // Somebody who looks what is there sends no such thing.
    await fetch(`${asked}polling`);
    expect(warnings).toEqual([]);
    for (let n = 0; n < 3; n++) expect((await fetch(`${asked}websocket`)).status).toBe(400);
    expect(warnings).toEqual([expect.stringContaining('proxy_http_version 1.1')]);
    await sockets.close();
  });
});

describe('a device that cannot go on', () => {
  it('says why, and the operator reads it in its words', async () => {
    const gate = new Gate();
    const { id, clients } = await startCrew(server, [{ train: gated(gate) }, {}, {}], { rounds: 1 });
    const [client] = clients;
    await client!.until((work) => work.kind === 'train', 'training');
    const message = 'A server between this device and Strata refuses uploads of 73 kB.';
    await client!.channel.ask('standing', {
      want: 'leave',
      why: { code: 'blocked', message, hint: 'nginx takes 1 MB\nERROR forged line' },
    });
    const events = await server.events(id);
    const line = events.find(({ kind }) => kind === 'client-left');
    expect(line).toMatchObject({ level: 'warning', message: expect.stringContaining(message) });
    expect(line?.message).not.toContain('\n');
    gate.open();
    await server.command(id, 'stop');
  });
});
