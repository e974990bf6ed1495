import { createServer, type Server as HttpServer } from 'node:http';
import {
  clientChannel,
  type ErrorCode,
  operatorChannel,
  routes,
  type StrataError,
} from '@strata/fl-core/protocol';
import { Server } from 'socket.io';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChannelSocket } from './channel-socket.ts';
import { createControlPlane } from './control-plane.ts';
import { newIdentity } from './identity.ts';

/** A real Socket.IO server that the tests make answer what they want. */
let http: HttpServer;
let io: Server;
let url: string;
/** What the next connections are refused with. */
let refusals: ErrorCode[];
/** Whether WebSockets pass. */
let lets: boolean;
/** What a page without a socket is answered. */
let knocks: () => Promise<unknown>;
let acknowledge: (event: string) => unknown;
let close: () => void = () => {};
beforeEach(async () => {
  lets = true;
  knocks = async () => ({ ok: true, value: null });
  http = createServer(async (request, response) => {
    if (request.url === routes.knock.path) response.end(JSON.stringify(await knocks()));
  });
  // Before Socket.IO's own: as a proxy in front of it, which passes no WebSocket.
  http.on('upgrade', (_request, socket) => {
    if (!lets) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  io = new Server(http, { transports: ['websocket'], allowRequest: (_request, done) => done(null, lets) });
  refusals = [];
  acknowledge = () => ({ ok: true, value: null });
  for (const { namespace } of [clientChannel, operatorChannel]) {
    io.of(namespace)
      .use((_socket, next) => {
        const code = refusals.shift();
        if (code === undefined) return next();
        next(Object.assign(new Error(code), { data: { code, message: 'no', hint: 'yes' } }));
      })
      .on('connection', (socket) => {
        socket.onAny((event: string, _message, ack: (answer: unknown) => void) => ack(acknowledge(event)));
      });
  }
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  url = `http://127.0.0.1:${address.port}`;
});
afterEach(async () => {
  close();
  await io.close();
});

function open() {
  const socket = new ChannelSocket(operatorChannel, {
    server: url,
    auth: { token: 'x' },
    comeBackMs: { least: 20, most: 40 },
  });
  close = () => socket.close();
  const seen: string[] = [];
  const errors: StrataError[] = [];
  socket.open({
    connected: () => seen.push('connected'),
    disconnected: () => seen.push('disconnected'),
    refused: (error) => errors.push(error),
    pushes: { change: () => seen.push('change'), event: ({ id }) => seen.push(`event ${id}`) },
  });
  const until = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 10 });
  return { socket, seen, errors, until };
}

describe('a socket of a channel', () => {
  it('hears what fits the channel, and nothing else', async () => {
    const { seen, until } = open();
    await until(() => expect(seen).toEqual(['connected']));
    const event = { id: 4, at: 1, level: 'info', kind: 'k', message: 'm', round: null, client: null };
    io.of(operatorChannel.namespace).emit('event', { id: 'four' });
    io.of(operatorChannel.namespace).emit('event', event);
    await until(() => expect(seen).toEqual(['connected', 'event 4']));
  });

  it('throws refusals as they were, and answers of another version as such', async () => {
    const { socket, seen, until } = open();
    await until(() => expect(seen).toEqual(['connected']));
    acknowledge = () => ({ ok: false, error: { code: 'unknown-run', message: 'no', hint: 'yes' } });
    await expect(socket.ask('watch', { run: 'x' })).rejects.toMatchObject({ code: 'unknown-run' });
    acknowledge = () => ({ ok: true, value: { id: 'a view of another version' } });
    await expect(socket.ask('watch', { run: 'x' })).rejects.toMatchObject({ code: 'bad-message' });
  });

  it('comes back when the server was busy, and after the server closed the connection', async () => {
    refusals = ['unavailable'];
    const { seen, errors, until } = open();
    await until(() => expect(seen).toEqual(['disconnected', 'connected']));
    io.of(operatorChannel.namespace).disconnectSockets();
    await until(() => expect(seen.slice(2)).toEqual(['disconnected', 'connected']));
    expect(errors).toEqual([]);
  });

  it('says that no WebSocket gets through where the server answers otherwise, and tries no more', async () => {
    lets = false;
    const { seen, errors, until } = open();
    await until(() => expect(errors).toMatchObject([{ code: 'blocked' }]));
    const tries = seen.length;
    expect(tries).toBeGreaterThanOrEqual(3);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(seen).toHaveLength(tries);
  });

  it('says what the server has against this page, which a browser would not', async () => {
    lets = false;
    knocks = async () => ({
      ok: false,
      error: { code: 'foreign-address', message: 'no', hint: 'PUBLIC_URL' },
    });
    const { errors, until } = open();
    await until(() => expect(errors).toMatchObject([{ code: 'foreign-address', hint: 'PUBLIC_URL' }]));
  });

  it('goes on trying where too many come from this network, and connects when there is room', async () => {
    lets = false;
    knocks = async () => ({ ok: false, error: { code: 'rate-limited', message: 'no', hint: 'wait' } });
    const { seen, errors, until } = open();
    await until(() => expect(seen.length).toBeGreaterThan(8));
    expect(errors).toEqual([]);
    lets = true;
    await until(() => expect(seen.at(-1)).toBe('connected'));
  });

  it('is refused for good with a wrong token', async () => {
    refusals = ['unauthorized'];
    const { seen, errors, until } = open();
    await until(() => expect(errors).toMatchObject([{ code: 'unauthorized' }]));
    expect(seen).toEqual([]);
  });
});

it('a client of another protocol is told so, and does not try again', async () => {
  refusals = ['bad-message'];
  const plane = createControlPlane({ server: url, run: 'run-1', key: null, identity: newIdentity() });
  close = () => plane.close();
  const connected = vi.fn();
  const error = await new Promise<StrataError>((resolve) => {
    plane.open({ connected, disconnected: () => {}, refused: resolve, work: () => {}, run: () => {} });
  });
  expect(error).toMatchObject({ code: 'bad-message', hint: 'yes' });
  expect(connected).not.toHaveBeenCalled();
});

/** Of many clients, when each was back after all of them lost their connections, in milliseconds. */
async function comeBacks(spreadMs: number | null, lose: () => void): Promise<number[]> {
  const clients = 40;
  let lostAt = Number.POSITIVE_INFINITY;
  const times: number[] = [];
  let first = 0;
  if (spreadMs !== null) {
    io.of(clientChannel.namespace).on('connection', (socket) => socket.emit('pace', { spreadMs }));
  }
  const planes = Array.from({ length: clients }, () =>
    createControlPlane({ server: url, run: 'run-1', key: null, identity: newIdentity() }),
  );
  close = () => {
    for (const plane of planes) plane.close();
  };
  for (const plane of planes) {
    plane.open({
      connected: () => {
        if (lostAt === Number.POSITIVE_INFINITY) first++;
        else times.push(performance.now() - lostAt);
      },
      ...{ disconnected: () => {}, refused: () => {}, work: () => {}, run: () => {} },
    });
  }
  await vi.waitUntil(() => first === clients, { timeout: 10_000 });
  // The last of them hears of the pace.
  await new Promise((resolve) => setTimeout(resolve, 200));
  lostAt = performance.now();
  lose();
  await vi.waitUntil(() => times.length === clients, { timeout: 15_000 });
  return times;
}

const within = (times: readonly number[], from: number, to: number) =>
  times.filter((time) => time >= from && time < to).length;

describe('clients that lose their server all at once', () => {
  it.each([
    [
      'that breaks off',
      () => {
        for (const { conn } of io.of(clientChannel.namespace).sockets.values()) conn.close();
      },
    ],
    ['that says goodbye', () => io.of(clientChannel.namespace).disconnectSockets(true)],
  ])(
    'come back spread over the time that it told them: one %s',
    async (_, lose) => {
      const times = await comeBacks(4_000, lose);
      // 10 a second where all come evenly.
      for (const from of [0, 1000, 2000, 3000])
        expect(within(times, from, from + 1000)).toBeLessThanOrEqual(20);
      expect(Math.max(...times)).toBeGreaterThan(2_000);
    },
    30_000,
  );

  it('come together where it told them nothing', async () => {
    const times = await comeBacks(null, () => io.of(clientChannel.namespace).disconnectSockets(true));
    expect(Math.max(...times)).toBeLessThan(2_000);
  }, 30_000);
});
