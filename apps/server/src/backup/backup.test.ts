// @module-tag long
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { auditText, type RunView, routes } from '@strata/fl-core/protocol';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { listMembers } from '../store/rows.ts';
import { freshPostgres, postgresLacking, temporaryDataDir, temporaryFolder } from '../store/testing.ts';
import { type Script, TestClient } from '../testing/client.ts';
import { committed, Gate, gated, startCrew } from '../testing/crew.ts';
import { operatorOf, serve, TestServer, untilRun } from '../testing/server.ts';
import { backupOfStopped, checkBackup, restoreInto } from './index.ts';
import { undecided } from './tables.ts';

const tarOf = async (bytes: AsyncIterable<Uint8Array>) => buffer(Readable.from(bytes, { objectMode: false }));

const backupFrom = async (server: TestServer) =>
  Buffer.from(await (await server.operator.bytes(routes.backup, {})).arrayBuffer());

it('every table is saved, or left out on purpose', () => {
  expect(undecided()).toEqual([]);
});

describe('a backup of a running server, in the middle of a round', () => {
  // A deadline is a time of day (R2): one that passes before the restored server starts closes its phase.
  const deadlines = { probing: 600, training: 600, evaluating: 600 };
  const config = { rounds: 4, deadlines, purpose: { kind: 'test', sampling: 7 } } as const;
  let server: TestServer;
  let saved: Buffer;
  let original: RunView;
  let scripts: Partial<Script>[];
  let clients: TestClient[];
  let events: number;

  beforeAll(async () => {
    server = await TestServer.start();
    const gate = new Gate();
    scripts = [{}, {}, {}];
    const late: Partial<Script> = {
      // Round 3 waits with two updates counted and one missing.
      train: (client, work) =>
        work.round < 3
          ? client.upload(work.round, client.delta(work)).then(() => {})
          : (gated(gate)?.(client, work) ?? Promise.resolve()),
    };
    const crew = await startCrew(server, [...scripts.slice(1), late], config);
    clients = crew.clients;
    await committed(server, crew.id, 2);
    await vi.waitFor(
      async () => {
        const { members } = await server.round(crew.id, 3);
        expect(members.filter((m) => m.updateBytes !== null)).toHaveLength(2);
      },
      { timeout: 20_000 },
    );
    saved = await backupFrom(server);
    events = (await server.events(crew.id)).length;
    gate.open();
    original = await server.until(crew.id, (v) => v.state === 'finished', 'the end');
  }, 120_000);

  describe('while its server runs', () => {
    // One server at a time in a process.
    afterAll(() => server.close(), 60_000);

    it('is an owner’s, on record, one at a time, and no file goes while it is made', async () => {
      const { entries } = await server.operator.call(routes.audit, { query: { limit: 5 } });
      expect(entries).toContainEqual(expect.objectContaining({ kind: 'backup-made' }));
      const { blobs } = server.store;
      const read = blobs.read.bind(blobs);
      const gate = new Gate();
      const asked: string[] = [];
      blobs.read = async (sha256) => {
        asked.push(sha256);
        if (asked.length === 1) await gate.opened;
        return read(sha256);
      };
      const making = backupFrom(server);
      await expect.poll(() => asked.length).toBe(1);
      await expect(backupFrom(server)).rejects.toMatchObject({ code: 'wrong-state' });
      // Four rounds, of which three keep their layers; the updates of all are of no use any more.
      const { id } = await startCrew(server, [{}, {}, {}], { rounds: 5 });
      await server.until(id, (v) => v.state === 'finished', 'the end of another run');
      const members = (
        await Promise.all([1, 2, 3, 4, 5].map((n) => listMembers(server.store.db, id, n)))
      ).flat();
      const updates = members.flatMap(({ update }) => update ?? []);
      expect(updates).toHaveLength(15);
      const kept = async () => (await Promise.all(updates.map((u) => blobs.has(u)))).filter(Boolean).length;
      expect(await kept()).toBe(15);
      gate.open();
      expect((await checkBackup(Readable.from(await making))).runs).toEqual([original.id]);
      await expect.poll(kept).toBe(0);
      blobs.read = read;
    }, 60_000);
  });

  /** The clients come to the restored server as who they are, and the run goes on. */
  async function goesOnFrom(dataDir: string, databaseUrl: string | null): Promise<RunView> {
    const summary = await restoreInto({ dataDir, databaseUrl }, Readable.from(saved));
    expect(summary).toMatchObject({ format: 1, runs: [original.id], rows: { runs: 1, clients: 3 } });
    const { url, close } = await serve({ dataDir, port: 0, databaseUrl }, { graceMs: 60_000 });
    const back = clients.map(
      ({ id, secret, samples }, i) =>
        new TestClient({
          url,
          run: original.id,
          key: null,
          id,
          secret,
          samples,
          config: original.config,
          script: scripts[i] ?? {},
        }),
    );
    try {
      await Promise.all(back.map((client) => client.join()));
      const view = await untilRun(url, original.id, (v) => v.state === 'finished', 'the end');
      const log = await operatorOf(url).call(routes.events, {
        params: { run: view.id },
        query: { limit: 1000 },
      });
      expect(log.length).toBeGreaterThan(events);
      expect(new Set(log.map(({ id }) => id)).size).toBe(log.length);
      return view;
    } finally {
      for (const client of back) client.drop();
      await close();
      await rm(dataDir, { recursive: true });
    }
  }

  it('is restored into an empty folder, and the run ends with the same bytes', async () => {
    const { checkpoint, rounds } = await goesOnFrom(await temporaryDataDir(), null);
    expect(checkpoint).toEqual(original.checkpoint);
    expect(rounds.map((r) => [r.round, r.phase])).toEqual(original.rounds.map((r) => [r.round, r.phase]));
  }, 60_000);

  it.skipIf(postgresLacking !== '')(
    `is restored into an empty PostgreSQL, and the run ends with the same bytes${postgresLacking}`,
    async () => {
      const database = await freshPostgres();
      try {
        const { checkpoint } = await goesOnFrom(await temporaryFolder(), database.url);
        expect(checkpoint).toEqual(original.checkpoint);
      } finally {
        await database.drop();
      }
    },
    60_000,
  );

  it('is one that is cut off, changed or something else only if it says so, and then nothing is restored', async () => {
    const whole = await checkBackup(Readable.from(saved));
    expect(whole.blobs).toBeGreaterThan(4);
    const refused = { code: 'bad-request' };
    for (const share of [0.2, 0.5, 0.9]) {
      const cut = saved.subarray(0, Math.floor(saved.length * share));
      await expect(checkBackup(Readable.from(cut))).rejects.toMatchObject(refused);
    }
    const at = saved.indexOf('blobs/') + 512 + 40;
    const changed = Buffer.from(saved);
    changed.writeUInt8((changed.readUInt8(at) + 1) % 256, at);
    await expect(checkBackup(Readable.from(changed))).rejects.toMatchObject(refused);
    await expect(checkBackup(Readable.from(Buffer.from('no tar at all')))).rejects.toMatchObject(refused);
    const dataDir = await temporaryDataDir();
    await expect(restoreInto({ dataDir, databaseUrl: null }, Readable.from(changed))).rejects.toMatchObject(
      refused,
    );
    const empty = await tarOf(backupOfStopped({ dataDir, databaseUrl: null }, new AbortController().signal));
    expect((await checkBackup(Readable.from(empty))).rows).toMatchObject({ runs: 0, events: 0, audit: 0 });
    await rm(dataDir, { recursive: true });
  }, 60_000);

  it('goes nowhere but into an empty place, and of a stopped server says the same', async () => {
    const dataDir = await temporaryDataDir();
    const place = { dataDir, databaseUrl: null };
    await restoreInto(place, Readable.from(saved));
    await expect(restoreInto(place, Readable.from(saved))).rejects.toMatchObject({ code: 'wrong-state' });
    const again = await tarOf(backupOfStopped(place, new AbortController().signal));
    const { at: _, ...first } = await checkBackup(Readable.from(saved));
    expect(await checkBackup(Readable.from(again))).toMatchObject(first);
    // The audit log is a chain as before: an entry more would have another hash.
    const start = again.indexOf('tables/audit.jsonl') + 512;
    const lines = again.subarray(start, again.indexOf('blobs/', start)).toString().split('\n');
    const entries = lines.filter((l) => l.startsWith('{')).map((l) => JSON.parse(l));
    expect(entries.length).toBe(first.rows.audit);
    for (const entry of entries) {
      const text = auditText({ ...entry, at: Date.parse(entry.at) });
      expect(createHash('sha256').update(text).digest('hex')).toBe(entry.hash);
    }
    await rm(dataDir, { recursive: true });
  }, 60_000);
});
