// @module-tag long
import { connect } from 'node:net';
import {
  addressOf,
  clientChannel,
  encodeSafetensors,
  type NamedTensor,
  operatorChannel,
  protocolVersion,
  routes,
} from '@strata/fl-core/protocol';
import { io, type Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { honest, type Script, type TestClient, type WorkOf } from '../testing/client.ts';
import { committed, Gate, gated, startCrew } from '../testing/crew.ts';
import { operatorToken, TestServer } from '../testing/server.ts';

/** "The server survives": whatever one client sends, after it an honest round still commits. */

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ helloTimeoutMs: 2000 });
}, 120_000);
afterEach(() => {
  for (const socket of strays.splice(0)) socket.disconnect();
  server.dropClients();
});
afterAll(() => server.close(), 60_000);

const strays: Socket[] = [];

function stray(auth: unknown, namespace: string = clientChannel.namespace): Socket {
  const socket = io(`${server.url}${namespace}`, {
    transports: ['websocket'],
    auth: auth as Record<string, unknown>,
    reconnection: false,
    forceNew: true,
  });
  strays.push(socket);
  return socket;
}

/** The code that a connection is refused with. */
function refusal(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => {
    socket.on('connect', () => resolve('connected'));
    socket.on('connect_error', (error) => {
      const { data } = error as Error & { data?: { code?: string } };
      resolve(data?.code ?? error.message);
    });
  });
}

/**
 * Two honest clients that wait for the third, which misbehaves in training as `attack` says and is then honest
 * if `attack` allows. The round must commit with `updates` updates, and so must the next.
 */
async function surviveInTraining(
  attack: (client: TestClient, work: WorkOf<'train'>) => Promise<void>,
): Promise<void> {
  const gate = new Gate();
  const failures: unknown[] = [];
  const attacker: Script['train'] = async (client, work) => {
    if (work.round === 1) {
      await attack(client, work).catch((error: unknown) => failures.push(error));
      gate.open();
    }
    await honest.train(client, work);
  };
  const { id, clients } = await startCrew(
    server,
    [{ train: gated(gate) }, { train: gated(gate) }, { train: attacker }],
    { rounds: 2 },
  );
  const first = await committed(server, id, 1);
  expect(failures).toEqual([]);
  expect([first.round, first.updates]).toEqual([1, 3]);
  expect((await committed(server, id, 2)).updates).toBe(3);
  expect(clients.flatMap((c) => c.errors)).toEqual([]);
}

const header = (request: string[]): string => `${request.join('\r\n')}\r\n\r\n`;

/** Opens a raw WebSocket, writes bytes that the protocol does not allow, and breaks off a little later. */
function rawGarbage(bytes: Uint8Array): Promise<void> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(
        header([
          'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
          `Host: ${hostname}:${port}`,
          'Upgrade: websocket',
          'Connection: Upgrade',
          'Sec-WebSocket-Version: 13',
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        ]),
      );
    });
    socket.once('data', (answer) => {
      if (!answer.toString('latin1').startsWith('HTTP/1.1 101')) reject(new Error('no upgrade'));
      socket.write(bytes);
      setTimeout(() => socket.destroy(), 300);
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve());
  });
}

/** One masked WebSocket text frame (RFC 6455, 5.2) with a zero mask. */
function textFrame(text: string): Uint8Array {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

/** What another client with the same join link brings. */
const stranger = ({ key }: TestClient) => ({ secret: 'a'.repeat(64), ...(key === null ? {} : { key }) });

describe('the server survives', () => {
  it('a malformed frame', async () => {
    await surviveInTraining(async () => {
      await rawGarbage(new Uint8Array(4096).fill(0xff));
      await rawGarbage(textFrame('this is no engine.io packet'));
      await rawGarbage(textFrame('42["hello",{'));
    });
  });

  it('frames of another schema', async () => {
    await surviveInTraining(async (client, work) => {
      const auth = { protocol: protocolVersion, run: client.run, client: 'rude', ...stranger(client) };
      const rude = stray(auth);
      expect(await refusal(rude)).toBe('connected');
      const refused = { ok: false, error: { code: 'bad-message' } };
      const say = (event: string, message: unknown) => rude.timeout(10_000).emitWithAck(event, message);
      const odd = [null, 7, 'text', [], {}, { round: 'one' }, { round: work.round, scores: [1, 2] }];
      for (const message of odd) {
        expect(await say('probed', message)).toMatchObject(refused);
        expect(await say('hello', message)).toMatchObject(refused);
      }
      expect(await say('no-such-event', {})).toMatchObject(refused);
      expect(await say('constructor', {})).toMatchObject(refused);
      // Without an acknowledgement, with too many arguments, with a function where the message belongs.
      rude.emit('probed');
      rude.emit('hello', {}, {}, {});
      rude.emit('evaluated', () => {});
      const evaluation = { round: work.round, loss: 1, accuracy: 2, samples: 1 };
      expect(await say('evaluated', evaluation)).toMatchObject(refused);
    });
  });

  it('answers for another round, another phase, or with other layers', async () => {
    await surviveInTraining(async (client, work) => {
      const evaluation = { loss: 1, accuracy: 0.5, samples: 1 };
      await expect(client.channel.ask('evaluated', { round: 99, ...evaluation })).rejects.toMatchObject({
        code: 'wrong-round',
      });
      await expect(
        client.channel.ask('evaluated', { round: work.round, ...evaluation }),
      ).rejects.toMatchObject({ code: 'wrong-phase' });
      const probe = { round: work.round, samples: 3, loss: 1, scores: { nothing: 1 } };
      await expect(client.channel.ask('probed', probe)).rejects.toMatchObject({ code: 'wrong-scores' });
      await expect(client.upload(99, client.delta(work))).rejects.toMatchObject({ code: 'wrong-round' });
      // Sent again after it was counted: acknowledged (R4).
      await client.channel.ask('probed', { ...probe, scores: client.scores(work) });
    });
  });

  it('weights of a wrong shape, name or number, and corrects them before the deadline (R5)', async () => {
    await surviveInTraining(async (client, work) => {
      const delta = client.delta(work);
      const flat = delta.map((t) => ({ ...t, shape: [t.data.length] }));
      await expect(client.upload(work.round, flat)).rejects.toMatchObject({ code: 'wrong-tensor' });
      await expect(client.upload(work.round, delta.slice(1))).rejects.toMatchObject({ code: 'wrong-layers' });
      const renamed = delta.map((t, i): NamedTensor => (i === 0 ? { ...t, name: 'other' } : t));
      await expect(client.upload(work.round, renamed)).rejects.toMatchObject({ code: 'wrong-layers' });
      await expect(client.upload(work.round, [])).rejects.toMatchObject({ code: 'wrong-layers' });
      await expect(client.upload(work.round, delta, { samples: '-1', loss: '1' })).rejects.toMatchObject({
        code: 'bad-message',
      });
      const view = await server.view(client.run);
      expect(view.rounds.at(-1)?.updates).toBe(0); // nobody else notices
    });
  });

  it('weights that are not numbers (R5)', async () => {
    await surviveInTraining(async (client, work) => {
      for (const poison of [Number.NaN, Number.POSITIVE_INFINITY]) {
        const delta = client.delta(work);
        const last = delta.at(-1);
        if (last) last.data[last.data.length - 1] = poison;
        await expect(client.upload(work.round, delta)).rejects.toMatchObject({ code: 'non-finite' });
      }
    });
  });

  it('a body that is garbage, empty, or larger than the model', async () => {
    await surviveInTraining(async (client, work) => {
      await expect(client.put(work.round, new Uint8Array(100).fill(0xee))).rejects.toMatchObject({
        code: 'bad-safetensors',
      });
      await expect(client.put(work.round, new Uint8Array(0))).rejects.toMatchObject({
        code: 'bad-safetensors',
      });
      await expect(client.put(work.round, new Uint8Array(3_000_000))).rejects.toMatchObject({
        code: 'too-large',
      });
    });
  });

  it('somebody who uploads in the name of another, or without being asked', async () => {
    await surviveInTraining(async (client, work) => {
      const body = encodeSafetensors(client.delta(work), { samples: '1', loss: '1' });
      const put = (authorization: string) =>
        fetch(
          `${server.url}${addressOf(routes.update, { params: { run: client.run, round: work.round } })}`,
          {
            method: routes.update.method,
            headers: { authorization },
            body,
          },
        );
      expect((await put(`Bearer c1.${client.secret}`)).status).toBe(401);
      expect((await put(`Bearer nobody.${client.secret}`)).status).toBe(404);
      expect((await put('Basic eA==')).status).toBe(401);
    });
  });

  it('a socket that connects and never speaks', async () => {
    await surviveInTraining(async (client) => {
      const auth = { protocol: protocolVersion, run: client.run, client: 'mute', ...stranger(client) };
      const mute = stray(auth);
      const closed = new Promise((resolve) => mute.on('disconnect', resolve));
      expect(await refusal(mute)).toBe('connected');
      await closed;
      const { clients } = await server.view(client.run);
      expect(clients.map((c) => c.id)).not.toContain('mute');
    });
  });

  it('connections that must not be: old protocol, unknown run, stolen id, no token, no namespace', async () => {
    await surviveInTraining(async (client) => {
      const auth = { protocol: protocolVersion, run: client.run, client: 'x', secret: 'a'.repeat(64) };
      expect(await refusal(stray({ ...auth, protocol: 0 }))).toBe('bad-message');
      expect(await refusal(stray({ ...auth, run: 'no-such-run' }))).toBe('unknown-run');
      expect(await refusal(stray({ ...auth, client: 'c1' }))).toBe('unauthorized');
      expect(await refusal(stray({ ...auth, secret: 'short' }))).toBe('bad-message');
      expect(await refusal(stray(undefined))).toBe('bad-message');
      expect(await refusal(stray({ token: 'guess' }, operatorChannel.namespace))).toBe('unauthorized');
      expect(await refusal(stray({}, '/'))).not.toBe('connected');
      expect(await refusal(stray({ token: operatorToken }, operatorChannel.namespace))).toBe('connected');
    });
  });

  it('a flood of messages', async () => {
    await surviveInTraining(async (client, work) => {
      const progress = { round: work.round, activity: 'training', fraction: 0.5 } as const;
      const acks = await Promise.all(
        Array.from({ length: 120 }, () => client.channel.ask('progress', progress).catch((e: unknown) => e)),
      );
      expect(acks).toContainEqual(expect.objectContaining({ code: 'rate-limited' }));
      await new Promise((resolve) => setTimeout(resolve, 1000));
    });
  });

  it('a message of more than a megabyte', async () => {
    await surviveInTraining(async (client, work) => {
      const closed = client.disconnection();
      const scores = Object.fromEntries(
        Array.from({ length: 10_000 }, (_, i) => [`${i}`.padEnd(120, 'x'), 1]),
      );
      const sent = client.channel.ask('probed', { round: work.round, samples: 1, loss: 1, scores });
      await expect(sent).rejects.toThrow('disconnected');
      await closed; // the transport is closed; the client reconnects by itself
      await client.until(() => client.connected, 'the reconnection');
    });
  });

  it('one id connected twice: the newer connection is the client', async () => {
    const gate = new Gate();
    const { id, config, clients } = await startCrew(server, [{ train: gated(gate) }, {}, {}], { rounds: 1 });
    await server.until(id, (v) => v.rounds[0]?.phase === 'training', 'training');
    const [older] = clients;
    // Not to take its place back.
    const closed = older?.disconnection().then(() => older.drop());
    const newer = server.client({ run: id, id: 'c1', config, secret: older?.secret ?? '' });
    await newer.join();
    await closed;
    const round = await committed(server, id, 1);
    expect(round.updates).toBe(3);
    expect(newer.history.some((w) => w.kind === 'train')).toBe(true);
    gate.open();
  });
});
