import { maxHelloBytes } from '@strata/fl-core/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Hostile } from '../testing/hostile.ts';
import { TestServer, testConfig } from '../testing/server.ts';

/** What a client may send that the product's never does. */

let server: TestServer;
const open: Hostile[] = [];
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterAll(() => server.close(), 60_000);
afterEach(() => {
  for (const socket of open.splice(0)) socket.drop();
});

const config = testConfig();
let count = 0;
async function stranger(headers?: Record<string, string>): Promise<Hostile> {
  const { id: run, joinKey: key } = await server.createRun(config);
  const client = `h${count++}`;
  const socket = new Hostile({ url: server.url, run, client, key, ...(headers && { headers }) });
  open.push(socket);
  return socket;
}
const soon = (socket: Hostile): Promise<string> =>
  Promise.race([
    socket.closed,
    new Promise<string>((resolve) => setTimeout(() => resolve('still open'), 3000)),
  ]);

describe('bytes', () => {
  const attachments = '510-/clients,["hello",{"_placeholder":true,"num":0}]';

  it.each([
    ['an event that announces attachments', attachments],
    ['an acknowledgement that announces attachments', attachments.replace('5', '6')],
    ['a binary frame', Buffer.alloc(10)],
  ])('%s closes the connection at once, in a namespace or before', async (_what, packet) => {
    const nameless = await stranger();
    await nameless.openTransport();
    nameless.raw(packet);
    expect(await soon(nameless)).not.toBe('still open');

    const named = await stranger();
    await named.connect();
    await named.hello();
    named.raw(packet);
    expect(await soon(named)).not.toBe('still open');
  });

  it('of a message are 64 kB at most before a hello, and 1 MB after it', async () => {
    const before = await stranger();
    await before.connect();
    before.socket.emit('hello', { name: 'x'.repeat(maxHelloBytes) });
    expect(await soon(before)).not.toBe('still open');

    const after = await stranger();
    await after.connect();
    expect(await after.hello()).toMatchObject({ ok: true });
    const long = await after.say('probed', { round: 1, scores: {}, more: 'x'.repeat(900_000) });
    expect(long).toMatchObject({ ok: false, error: { code: 'bad-message' } });
    after.socket.emit('probed', { more: 'x'.repeat(1_100_000) });
    expect(await soon(after)).not.toBe('still open');
  });
});

describe('texts', () => {
  it('an event whose name is no text is refused as any unknown one', async () => {
    const socket = await stranger();
    await socket.connect();
    const answer = new Promise((resolve) => {
      socket.socket.io.on('packet', (packet) => packet.type === 3 && resolve(packet.data));
    });
    socket.raw('2/clients,1[7,{}]');
    expect(await answer).toMatchObject([{ ok: false, error: { code: 'bad-message' } }]);
  });

  it.each(['a\u0000b', 'half \ud800', 'Ada\nRound 3 was committed.', '\u202eAda'])(
    'the name %j is cleaned, and makes one line of the log',
    async (name) => {
      const socket = await stranger();
      await socket.connect();
      const device = { backend: 'cpu', reason: name, adapter: name };
      expect(await socket.hello({ name, device })).toMatchObject({ ok: true });
      const { run } = socket.socket.auth as { run: string };
      const joined = (await server.events(run)).find((event) => event.kind === 'client-joined');
      expect(joined?.message).toMatch(/^[^\p{Cc}\p{Cs}\u202e]+ joined with 10 samples on cpu\.$/u);
    },
  );

  it('a layer of such a name is refused, not an error of the server', async () => {
    const socket = await stranger();
    await socket.connect();
    await socket.hello();
    const times = { base: 1, passing: { 'a\u0000': 1 }, training: {} };
    const answer = await socket.say('probed', { round: 1, scores: {}, samples: 1, loss: 1, times, steps: 1 });
    expect(answer).toMatchObject({ ok: false, error: { code: 'bad-message' } });
  });
});

describe('addresses', () => {
  it.each([
    ['a page of another site', { origin: 'http://evil.example' }],
    ['a page without a site', { origin: 'null' }],
    ['a name that was made to point here', { host: 'evil.example' }],
  ])('%s gets no connection', async (_what, headers) => {
    const socket = await stranger(headers);
    await expect(socket.connect()).rejects.toThrow('websocket error');
    const { run } = socket.socket.auth as { run: string };
    expect((await server.view(run)).clients).toEqual([]);
  });

  it('the server’s own page gets one', async () => {
    const socket = await stranger({ origin: server.url });
    await socket.connect();
  });
});
