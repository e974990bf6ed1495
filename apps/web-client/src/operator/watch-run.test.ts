import { createServer, type Server as HttpServer } from 'node:http';
import { ChannelSocket } from '@strata/client';
import { operatorChannel, type RunChange, type RunEvent } from '@strata/fl-core/protocol';
import { Server } from 'socket.io';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runView } from './testing/views.ts';
import { type RunLink, watchRun } from './watch-run.ts';

const event = (id: number): RunEvent => ({
  id,
  at: id,
  level: 'info',
  kind: 'round-opened',
  message: `event ${id}`,
  round: null,
  client: null,
});

/** Of the newest view that a server has told. */
let version = 0;

/** What is pushed when these fields of a run become different. */
const change = (run: string, fields: RunChange['fields']): RunChange => {
  const none = { items: [], fields: [], order: null };
  return { run, from: version, to: ++version, fields, rounds: none, clients: none };
};

/** A real Socket.IO server that knows run-1 and takes one token. */
class TestServer {
  readonly http: HttpServer = createServer();
  readonly io = new Server(this.http, { transports: ['websocket'] });
  port = 0;

  async listen(): Promise<void> {
    const operators = this.io.of(operatorChannel.namespace);
    operators.use((socket, next) => {
      if (socket.handshake.auth.token === 'right') return next();
      const body = { code: 'unauthorized', message: 'wrong token', hint: 'the other one' };
      next(Object.assign(new Error(body.message), { data: body }));
    });
    operators.on('connection', (socket) => {
      socket.on('watch', ({ run }: { run: string }, ack: (answer: unknown) => void) => {
        const error = { code: 'unknown-run', message: `no run ${run}`, hint: 'see the list' };
        ack(
          run === 'run-1'
            ? { ok: true, value: { version: ++version, view: runView({ committed: 1 }) } }
            : { ok: false, error },
        );
      });
    });
    await new Promise<void>((resolve) => this.http.listen(this.port, resolve));
    const address = this.http.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    this.port = address.port;
  }
}

describe('watchRun', () => {
  let server: TestServer;
  let stop: () => void = () => {};
  let links: RunLink[];
  let events: readonly RunEvent[];
  let asked: (number | null)[];

  beforeEach(async () => {
    server = new TestServer();
    await server.listen();
    links = [];
    events = [];
    asked = [];
  });
  afterEach(async () => {
    stop();
    await server.io.close();
  });

  const watch = (run: string, token = 'right') => {
    const socket = new ChannelSocket(operatorChannel, {
      server: `http://127.0.0.1:${server.port}`,
      auth: { token },
      comeBackMs: { least: 20, most: 50 },
    });
    stop = watchRun(run, {
      socket,
      loadEvents: async (after) => {
        asked.push(after);
        return [event((after ?? 0) + 1)];
      },
      onLink: (link) => links.push(link),
      onEvents: (all) => {
        events = all;
      },
      retryMs: 20,
    });
  };
  const until = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 10 });

  it('brings the run, its past events, and what is pushed', async () => {
    watch('run-1');
    await until(() => expect(events).toHaveLength(1));
    expect(links.at(-1)).toMatchObject({ kind: 'live', run: { committed: 1 } });

    const operators = server.io.of(operatorChannel.namespace);
    operators.emit('change', change('run-1', { committed: 2 }));
    operators.emit('change', { ...change('another', { committed: 9 }), from: version });
    operators.emit('event', event(2));
    operators.emit('event', { nonsense: true });
    await until(() => expect(events.map((e) => e.id)).toEqual([1, 2]));
    expect(links.at(-1)).toMatchObject({ kind: 'live', run: { id: 'run-1', committed: 2 } });
  });

  it('asks for the run again when a change was missed', async () => {
    watch('run-1');
    await until(() => expect(events).toHaveLength(1));
    const operators = server.io.of(operatorChannel.namespace);
    const missed = change('run-1', { committed: 2 });
    operators.emit('change', {
      ...missed,
      from: missed.from + 5,
      to: missed.to + 5,
      fields: { committed: 7 },
    });
    // What the server answers from now on is newer than what was missed.
    version += 10;
    await until(() => expect(asked).toHaveLength(2));
    const begun = version;
    operators.emit('change', change('run-1', { committed: 3 }));
    await until(() => expect(links.at(-1)).toMatchObject({ kind: 'live', run: { committed: 3 } }));
    expect(version).toBe(begun + 1);
  });

  it('keeps the last view while the server is away, then watches again and asks for what it missed (R9)', async () => {
    watch('run-1');
    await until(() => expect(asked).toEqual([null]));
    const { port } = server;
    await server.io.close();
    await until(() => expect(links.at(-1)).toMatchObject({ kind: 'away', run: { id: 'run-1' } }));

    server = new TestServer();
    server.port = port;
    await server.listen();
    await until(() => expect(asked).toEqual([null, 1]));
    expect(links.at(-1)?.kind).toBe('live');
    expect(events.map((e) => e.id)).toEqual([1, 2]);
  });

  it('gives up on a wrong token and on a run that does not exist, and says why', async () => {
    watch('run-1', 'wrong');
    await until(() =>
      expect(links.at(-1)).toMatchObject({ kind: 'refused', error: { code: 'unauthorized' } }),
    );
    stop();
    watch('run-2');
    await until(() =>
      expect(links.at(-1)).toMatchObject({ kind: 'refused', error: { message: 'no run run-2' } }),
    );
  });
});
