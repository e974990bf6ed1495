// @module-tag long
import { execFileSync } from 'node:child_process';
import { mkdir, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Caller } from '@strata/client';
import { type ErrorCode, type RunView, routes, StrataError } from '@strata/fl-core/protocol';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { temporaryDataDir } from '../store/testing.ts';
import { honest, type Script, TestClient } from '../testing/client.ts';
import { Gate } from '../testing/crew.ts';
import { operatorOf, serve, testConfig, untilRun } from '../testing/server.ts';

/** A disk of its own, small enough to fill, needs root and Linux. */
function mountLacking(): string {
  try {
    execFileSync('sh', [
      '-c',
      'd=$(mktemp -d) && mount -t tmpfs -o size=1m tmpfs "$d" && umount "$d" && rmdir "$d"',
    ]);
    return '';
  } catch {
    return ' (skipped: no tmpfs can be mounted, which needs root)';
  }
}
const lacking = mountLacking();

describe.skipIf(lacking)(`a disk of blobs that is full${lacking}`, () => {
  let dataDir: string;
  let blobs: string;
  let server: Awaited<ReturnType<typeof serve>>;
  const clients: TestClient[] = [];
  beforeAll(async () => {
    dataDir = await temporaryDataDir();
    blobs = join(dataDir, 'blobs');
    await mkdir(blobs);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', blobs]);
    server = await serve({ dataDir, port: 0, databaseUrl: null }, { watchMs: 1000 });
  }, 120_000);
  afterAll(async () => {
    for (const client of clients) client.drop();
    await server?.close();
    execFileSync('umount', [blobs]);
    await rm(dataDir, { recursive: true });
  }, 60_000);

  const filler = () => join(blobs, 'filler');
  /** What earlier rounds have left is being deleted: that would be room again. */
  async function settled(): Promise<void> {
    const free = async () => (await statfs(blobs)).bfree;
    let [before, same] = [await free(), 0];
    while (same < 6) {
      await sleep(250);
      const now = await free();
      same = now === before ? same + 1 : 0;
      before = now;
    }
  }
  async function fill(): Promise<void> {
    await settled();
    const file = await open(filler(), 'w');
    for (const bytes of [2 ** 20, 2 ** 12]) {
      await (async () => {
        for (;;) await file.write(new Uint8Array(bytes));
      })().catch(() => {});
    }
    await file.close();
  }

  /** Plays a run, whose disk is full as `spoil` says; the codes that uploads were refused with. */
  async function play(
    spoil: (id: string, codes: ReadonlySet<ErrorCode>, train: () => void) => Promise<void>,
  ): Promise<{ id: string; end: RunView; codes: Set<ErrorCode> }> {
    const codes = new Set<ErrorCode>();
    const gate = new Gate();
    const train: Script['train'] = async (client, work) => {
      await gate.opened;
      for (;;) {
        try {
          return await honest.train(client, work);
        } catch (error) {
          if (error instanceof StrataError) codes.add(error.code);
          await sleep(250);
        }
      }
    };
    const { url } = server;
    const operator = operatorOf(url);
    const body = testConfig({
      rounds: 2,
      seed: 5,
      deadlines: { probing: 300, training: 300, evaluating: 300 },
    });
    const { id, config, joinKey: key } = await operator.call(routes.createRun, { body });
    const crew = ['c1', 'c2', 'c3'].map(
      (name) => new TestClient({ url, run: id, key, id: name, config, script: { train } }),
    );
    clients.push(...crew);
    await Promise.all(crew.map((c) => c.join()));
    await operator.call(routes.commandRun, { params: { run: id }, body: { command: 'start' } });
    await untilRun(url, id, (v) => v.rounds[0]?.phase === 'training', 'training');
    await spoil(id, codes, () => gate.open());
    gate.open();
    const end = await untilRun(url, id, (v) => v.state === 'finished', 'the end', 60_000);
    return { id, end, codes };
  }

  it('is said to clients, the operator and whoever asks, each in its way; then all goes on with the same bytes', async () => {
    const smooth = await play(async () => {});
    const anybody = new Caller({ server: server.url });
    const linesOf = async (run: string) =>
      (await operatorOf(server.url).call(routes.events, { params: { run }, query: { limit: 1000 } }))
        .filter((line) => line.kind.startsWith('disk-'))
        .map(({ kind, level }) => [kind, level]);
    const spoiled = await play(async (run, codes, train) => {
      await fill();
      train();
      await vi.waitFor(async () => expect(await linesOf(run)).toHaveLength(1), { timeout: 30_000 });
      expect(await anybody.call(routes.ready, {})).toMatchObject({
        ready: false,
        lacks: [{ what: 'disk', hint: expect.stringContaining('DATA_DIR') }],
      });
      await vi.waitFor(() => expect([...codes]).toEqual(['no-space']), { timeout: 30_000 });
      await rm(filler());
    });
    expect(spoiled.codes).toEqual(new Set(['no-space']));
    await vi.waitFor(
      async () =>
        expect(await linesOf(spoiled.id)).toEqual([
          ['disk-full', 'error'],
          ['disk-free', 'info'],
        ]),
      { timeout: 30_000 },
    );
    expect(await anybody.call(routes.ready, {})).toEqual({ ready: true, lacks: [] });
    expect(spoiled.end.rounds.map((r) => r.phase)).toEqual(['committed', 'committed']);
    expect(spoiled.end.checkpoint).toEqual(smooth.end.checkpoint);
  }, 120_000);

  describe('for 20 s', () => {
    const phases = ['probing', 'training', 'aggregating', 'evaluating'] as const;
    type Phase = (typeof phases)[number];
    const fullMs = 20_000;

    /** Plays a run whose disk is full for a while as its second round comes to `phase`; its model at the end. */
    async function playFull(phase: Phase | null): Promise<RunView['checkpoint']> {
      const { url } = server;
      const operator = operatorOf(url);
      const gates = { probe: new Gate(), train: new Gate(), evaluate: new Gate() };
      /** In the second round, when the gate is open; as often as it takes. */
      const patient =
        <W extends { readonly round: number }>(
          gate: Gate,
          answer: (c: TestClient, work: W) => Promise<void>,
        ) =>
        async (client: TestClient, work: W) => {
          if (work.round === 2) await gate.opened;
          for (;;) {
            try {
              return await answer(client, work);
            } catch {
              await sleep(250);
            }
          }
        };
      const script: Partial<Script> = {
        probe: patient(gates.probe, honest.probe),
        train: patient(gates.train, honest.train),
        evaluate: patient(gates.evaluate, honest.evaluate),
      };
      const body = testConfig({
        rounds: 2,
        seed: 5,
        deadlines: { probing: 300, training: 300, evaluating: 300 },
        aggregation: { optimizer: { name: 'fedadam' } },
      });
      const { id, config, joinKey: key } = await operator.call(routes.createRun, { body });
      const crew = ['c1', 'c2', 'c3'].map(
        (name) => new TestClient({ url, run: id, key, id: name, config, script }),
      );
      clients.push(...crew);
      await Promise.all(crew.map((c) => c.join()));
      await operator.call(routes.commandRun, { params: { run: id }, body: { command: 'start' } });
      const reached = (wanted: Phase) =>
        untilRun(url, id, (v) => v.rounds[1]?.phase === wanted, `${wanted} of round 2`, 60_000);
      /** Its answers come when the disk is full, if this is the phase. */
      const come = async (to: Phase, gate: Gate) => {
        await reached(to);
        if (phase === to) await fill();
        gate.open();
        if (phase !== to) return;
        await sleep(fullMs);
        await rm(filler());
      };
      /** Full when the server is about to write the first layer. */
      const fullWhenWritten = async () => {
        const { blobs } = server.store;
        const put = blobs.put.bind(blobs);
        let filled: Promise<void> | null = null;
        let spoiled: Promise<void> | null = null;
        const spy = vi.spyOn(blobs, 'put').mockImplementation(async (bytes) => {
          filled ??= fill();
          await filled;
          spoiled ??= sleep(fullMs).then(() => rm(filler()));
          return put(bytes);
        });
        gates.train.open();
        await vi.waitFor(() => expect(spoiled).not.toBeNull(), { timeout: 60_000 });
        await spoiled;
        spy.mockRestore();
      };
      await come('probing', gates.probe);
      if (phase !== 'aggregating') await come('training', gates.train);
      else {
        await reached('training');
        await fullWhenWritten();
      }
      await come('evaluating', gates.evaluate);
      const end = await untilRun(url, id, (v) => v.state === 'finished', 'the end', 60_000);
      expect(end.rounds.map((r) => [r.phase, r.updates])).toEqual([
        ['committed', 3],
        ['committed', 3],
      ]);
      for (const client of crew) client.drop();
      return end.checkpoint;
    }

    let alone: RunView['checkpoint'];
    beforeAll(async () => {
      alone = await playFull(null);
    }, 120_000);
    it.each(phases)(
      'in %s: the run goes on by itself, with the same bytes',
      async (phase) => {
        expect(await playFull(phase)).toEqual(alone);
      },
      180_000,
    );
  });

  it('in the midst of aggregating is waited out: the round is committed, and not abandoned', async () => {
    const { end } = await play(async (run, _codes, train) => {
      // Room for the updates, and not for the layers that are made of them.
      const { blobs: store } = server.store;
      const put = store.put.bind(store);
      let failures = 3;
      vi.spyOn(store, 'put').mockImplementation((bytes) => {
        if (failures-- <= 0) return put(bytes);
        return Promise.reject(
          Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }),
        );
      });
      train();
      await untilRun(server.url, run, (v) => v.committed === 1, 'a commit', 60_000);
    });
    expect(end.rounds.map((r) => r.phase)).toEqual(['committed', 'committed']);
  }, 120_000);
});
