import { type Ack, routes } from '@strata/fl-core/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Hostile } from '../testing/hostile.ts';
import { TestServer, testConfig } from '../testing/server.ts';

/** Clients that say what they may, over and over. */

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ eventsPerRun: 100, participantsPerAddress: 15 });
}, 120_000);
afterAll(() => server.close(), 60_000);

const config = testConfig();
const taken = (answers: readonly Ack<unknown>[]) => answers.filter((answer) => answer.ok).length;

/** A client of a run of its own, at an address of its own. */
async function member(client: string): Promise<{ run: string; key: string; from: string; socket: Hostile }> {
  const { id: run, joinKey: key } = await server.createRun(config);
  const from = `198.51.100.${++addresses}`;
  return { run, key, from, socket: new Hostile({ url: server.url, run, client, key, from }) };
}
let addresses = 0;

describe('a hello', () => {
  it('that changes nothing writes nothing', async () => {
    const { run, socket } = await member('same');
    await socket.connect();
    await socket.hello();
    const state = async () => {
      const { rows } = await server.store.pool.query(
        'SELECT (SELECT xmin::text FROM clients WHERE run = $1) AS version, (SELECT count(*)::int FROM events WHERE run = $1) AS lines',
        [run],
      );
      return rows[0];
    };
    const before = await state();
    await socket.hello();
    await socket.hello();
    expect(await state()).toEqual(before);
    await socket.hello({ samples: 11 });
    expect((await state()).version).not.toBe(before.version);
    expect((await server.view(run)).clients[0]?.samples).toBe(11);
    socket.drop();
  });

  it('may be said so often, on however many connections', async () => {
    const { socket: first } = await member('flood');
    const begin = performance.now();
    let [ok, refused] = [0, 0];
    let socket = first;
    for (let connection = 0; connection < 4; connection++) {
      await socket.connect();
      const answers = await Promise.all(Array.from({ length: 45 }, () => socket.hello()));
      ok += taken(answers);
      refused += answers.length - taken(answers);
      expect(answers.filter((a) => !a.ok).map((a) => !a.ok && a.error.code)).not.toContain('internal');
      socket.drop();
      await socket.closed;
      socket = socket.again();
    }
    const seconds = (performance.now() - begin) / 1000;
    expect(ok).toBeLessThanOrEqual(30 + 0.2 * seconds + 1);
    expect(refused).toBeGreaterThan(0);
  });

  it('and on: the connection is closed, and the next one refused', async () => {
    const { socket } = await member('on');
    await socket.connect();
    const answers = Array.from({ length: 300 }, () => socket.hello().catch(() => null));
    await socket.closed;
    expect((await Promise.all(answers)).filter((answer) => answer?.ok).length).toBeLessThanOrEqual(40);
    const next = socket.again();
    await expect(next.connect()).rejects.toMatchObject({
      code: 'rate-limited',
      message: expect.stringContaining('did not wait'),
    });
    next.drop();
  });

  it('and a connection again and again: refused with a reason, and the neighbours get in', async () => {
    const { run, key, from, socket: first } = await member('again');
    await first.connect();
    await first.hello();
    const others: Hostile[] = [];
    let refusal: unknown = null;
    while (others.length < 25 && refusal === null) {
      const next = first.again();
      others.push(next);
      // Each takes the place of the one before, which is closed.
      await next.connect().catch((error: unknown) => {
        refusal = error;
      });
    }
    expect(refusal).toMatchObject({
      code: 'rate-limited',
      message: 'This participant connects too often.',
      hint: expect.stringContaining('Wait'),
    });
    const neighbour = new Hostile({ url: server.url, run, client: 'neighbour', key, from });
    await neighbour.connect();
    for (const socket of [first, ...others, neighbour]) socket.drop();
  });
});

describe('an address', () => {
  const socketFrom = (address: string, client = 'c', run = 'none', key = '') =>
    new Hostile({ url: server.url, run, client, key, from: address });

  it('brings so many participants at once, its /64 of IPv6 counted as one; others come in', async () => {
    const { id: run, joinKey: key } = await server.createRun(config);
    const register = async (client: string, from: string) => {
      const socket = socketFrom(from, client, run, key);
      await socket.connect().finally(() => socket.drop());
      await socket.closed;
    };
    for (let i = 0; i < 15; i++) await register(`a${i}`, `2001:db8::${i}`);
    await expect(register('a15', '2001:db8::ffff')).rejects.toMatchObject({ code: 'rate-limited' });
    await register('b0', '2001:db8:0:1::1');
  });

  it('holds so many connections, and another one when one of them ends', async () => {
    const held = Array.from({ length: 30 }, () => socketFrom('203.0.113.1'));
    for (const socket of held) await socket.openTransport();
    const more = socketFrom('203.0.113.1');
    await more.openTransport().catch(() => undefined);
    await more.closed;
    const elsewhere = socketFrom('203.0.113.2');
    await elsewhere.openTransport();
    const ended = new Promise((resolve) => elsewhere.socket.io.once('close', () => resolve('closed')));
    held[0]?.drop();
    await held[0]?.closed;
    await expect
      .poll(async () => {
        const next = socketFrom('203.0.113.1');
        await next.openTransport().catch(() => undefined);
        const state = await Promise.race([
          next.closed.then(() => 'closed'),
          new Promise((resolve) => setTimeout(resolve, 200, 'open')),
        ]);
        held.push(next);
        return state;
      })
      .toBe('open');
    for (const socket of [...held, elsewhere]) socket.drop();
    await ended;
  });
});

describe('the log', () => {
  it('of pauses is bounded, and they do not push the operator’s lines out', async () => {
    const { run, key, socket } = await member('moody');
    await server.command(run, 'start');
    await socket.connect();
    await socket.hello();
    const wants = Array.from({ length: 30 }, (_, i) => (i % 2 === 0 ? 'pause' : 'resume'));
    const answers: Ack<unknown>[] = [];
    for (const want of wants) answers.push(await socket.say('standing', { want }));
    expect(taken(answers)).toBeLessThan(20);
    expect(answers.at(-1)).toMatchObject({ ok: false, error: { code: 'rate-limited' } });
    socket.drop();

    // Twice what is kept of participants' lines, whoever wrote them.
    await server.store.pool.query(
      `INSERT INTO events (run, level, kind, message, client, source)
       SELECT $1, 'info', 'client-pause', 'noise', 'moody', 'participant' FROM generate_series(1, 300)`,
      [run],
    );
    const next = new Hostile({
      url: server.url,
      run,
      client: 'noisy',
      key,
    });
    await next.connect();
    for (let i = 0; i < 4; i++) {
      await server.store.pool.query(
        `SELECT setval('events_id_seq', ((last_value / 100) + 1) * 100 - 1) FROM events_id_seq`,
      );
      await next.hello({ samples: i + 1 });
      await next.say('standing', { want: 'leave' });
    }
    const { rows } = await server.store.pool.query(
      `SELECT source, count(*)::int AS lines FROM events WHERE run = $1 GROUP BY source ORDER BY source`,
      [run],
    );
    const lines = Object.fromEntries(rows.map((row) => [row.source, row.lines]));
    expect(lines.participant).toBeLessThan(150);
    const shown = await server.operator.call(routes.events, { params: { run }, query: { limit: 50 } });
    expect(shown.map((event) => event.kind)).toEqual(expect.arrayContaining(['run-created', 'run-start']));
    expect(shown).toHaveLength(50);
    next.drop();
  });

  it('has no line for a wish that is so already', async () => {
    const { run, socket } = await member('calm');
    await socket.connect();
    await socket.hello();
    await socket.say('standing', { want: 'pause' });
    await socket.say('standing', { want: 'pause' });
    const pauses = (await server.events(run)).filter((event) => event.kind === 'client-pause');
    expect(pauses).toHaveLength(1);
    socket.drop();
  });
});
