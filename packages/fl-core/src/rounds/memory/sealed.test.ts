// @module-tag long
import { describe, expect, it } from 'vitest';
import {
  decodeSafetensors,
  decodeWords,
  encodeSafetensors,
  type RunConfigInput,
} from '../../protocol/index.ts';
import { gridFor, mostWeight } from '../../sealing/index.ts';
import { layoutFor } from '../layout.ts';
import { figures, scores } from '../sealed/index.ts';
import { testConfig, tinyModel } from '../testing/config.ts';
import { memoryRun, startCrew, updateBytes } from '../testing/crew.ts';
import { allDo, contributionOf, SealedClient, sealedAggregation } from '../testing/sealed-crew.ts';
import type { MemoryRun, MemoryRunOptions } from './run.ts';

const cohort = { goal: 8, minimum: 5, quorum: 0.5, grace: { share: 0, seconds: 1 } };
const budget = { kind: 'fixed', unit: 'layers', amount: 1 } as const;
const common = { model: tinyModel, side: 8, strategy: { name: 'round-robin' }, budget, cohort } as const;
const sealedConfig = (more: Partial<RunConfigInput> = {}) =>
  testConfig({ ...common, aggregation: sealedAggregation, ...more } as Partial<RunConfigInput>);

interface Crew {
  readonly run: MemoryRun;
  readonly clients: readonly SealedClient[];
}

async function sealedCrew(
  more: Partial<RunConfigInput> = {},
  manners: Partial<MemoryRunOptions> = {},
): Promise<Crew> {
  const run = await memoryRun({ config: sealedConfig(more), ...manners });
  const ids = await startCrew(run, 8);
  return { run, clients: await Promise.all(ids.map((id) => SealedClient.of(run, id))) };
}

const phaseOf = (run: MemoryRun): string | undefined => run.book.openRound?.phase;

/** The whole round, with these clients lost between sharing and the masked upload. */
async function playRound({ run, clients }: Crew, lost: readonly string[] = []): Promise<void> {
  const left = clients.filter((c) => !lost.includes(c.id));
  await allDo(clients, 'prepare');
  await allDo(clients, 'share');
  for (const id of lost) await run.leave(id);
  await allDo(left, 'mask');
  await allDo(left, 'release');
}

/** All values of a layer of a committed model. */
const valuesOf = (run: MemoryRun, round: number, layer: string): number[] =>
  decodeSafetensors(run.book.read(run.book.checkpoint(round).layers[layer]!.sha256)).tensors.flatMap((t) => [
    ...t.data,
  ]);

/** As if people were lost after the choice: groups become small that were large enough. */
const anyGroup = { minimumGroup: 1 };

describe('a sealed run in memory', () => {
  it('gives a layer to nobody, or to so many that its sum can be opened though a tenth is lost', async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const strategy = { name: 'random' } as const;
      const { run, clients } = await sealedCrew({ strategy, seed, budget: { ...budget, amount: 2 } });
      const masks = clients.map((c) => run.book.member(1, c.id)!.mask!);
      const sizes = new Map<string, number>();
      for (const layer of masks.flat()) sizes.set(layer, (sizes.get(layer) ?? 0) + 1);
      expect(sizes.size, `seed ${seed}`).toBeGreaterThan(0);
      // 8 of 8: five and those whom a tenth's chance may take (research.md, A3)
      for (const [layer, size] of sizes) expect(size, `seed ${seed}, ${layer}`).toBe(8);
    }
  });

  it('is the unsealed run within two steps a value, with two of eight lost between sharing and upload', async () => {
    const lost = ['c3', 'c8'];
    for (const everyStepTwice of [false, true]) {
      const crew = await sealedCrew({}, { everyStepTwice });
      const { run } = crew;
      const open = await memoryRun({
        config: testConfig({
          ...common,
          aggregation: { ...sealedAggregation, sealing: { kind: 'open' } },
        } as Partial<RunConfigInput>),
      });
      const ids = await startCrew(open, 8);
      const masks = ids.map((id) => open.work(id));
      const terms = run.book.terms;
      expect(ids.map((id) => run.work(id))).toEqual(masks.map((work) => ({ ...work, seal: terms })));
      const sent = contributionsOf(open, ids);

      await playRound(crew, lost);
      for (const id of lost) await open.leave(id);
      for (const id of ids.filter((c) => !lost.includes(c))) {
        const work = open.work(id);
        if (work.kind === 'train') await open.update(id, 1, updateBytes(open, id, work));
      }
      for (const id of ids) {
        const work = open.work(id);
        if (work.kind === 'evaluate')
          await open.evaluated(id, { round: 1, loss: 2, accuracy: 0.5, samples: 4 });
      }
      expect(run.book.run.committedRound).toBe(1);
      expect(open.book.run.committedRound).toBe(1);
      expect(run.moves.filter((m) => m.round === 1).map((m) => m.phase)).toEqual([
        'selecting',
        'training',
        'sealing',
        'uploading',
        'unmasking',
        'aggregating',
        'committed',
      ]);

      const { sealed } = run.book.round(1);
      const step = 1 / gridFor(8, mostWeight, 0.1).scale;
      let moved = 0;
      for (const { name, role } of layoutFor(run.book.run.config).layers) {
        const [a, b, before] = [valuesOf(run, 1, name), valuesOf(open, 1, name), valuesOf(run, 0, name)];
        if (sealed?.layers[name] === undefined) {
          expect(a).toEqual(before); // closed, or frozen
          continue;
        }
        expect(role).not.toBe('embed');
        const worst = a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
        // beside the steps, both models are rounded to float32 once
        expect(worst).toBeLessThan(2 * step + 2 ** -23 * Math.max(...b.map(Math.abs)));
        moved += a.filter((value, i) => value !== before[i]).length;
        expect(sealed.layers[name].members).toBe(
          [...sent].filter(([id, c]) => !lost.includes(id) && c.layers.has(name)).length,
        );
      }
      expect(moved).toBeGreaterThan(100);
      // 10, 20 ... 80 samples are 1 ... 8 of 64 where 640 count at most
      expect(sealed?.layers.head).toEqual({ members: 6, weight: 1 + 2 + 4 + 5 + 6 + 7, clamped: 0 });
      expect(sealed?.figures?.trainLoss).toBeCloseTo(1.5, 4);
      const loss = [1, 2, 4, 5, 6, 7].reduce((sum, i) => sum + (10 * i) / 100, 0) / 6;
      expect(sealed?.figures?.before?.loss).toBeCloseTo(loss, 4); // 4 held out are one 64th for each
      expect(sealed?.figures?.before?.accuracy).toBeCloseTo(0.25, 6);
    }
  });

  it('leaves a layer that too few are left of as it was, byte for byte, struck before or lost after masking', async () => {
    const seen = { struck: 0, lost: 0 };
    for (let seed = 1; seed <= 6; seed++) {
      const strategy = { name: 'random' } as const;
      const crew = await sealedCrew({ strategy, seed, budget: { ...budget, amount: 2 } }, anyGroup);
      const { run, clients } = crew;
      const group = (layer: string) =>
        clients.map((c) => c.id).filter((id) => run.book.member(1, id)!.mask!.includes(layer));
      const blocks = layoutFor(run.book.run.config).layers.filter((l) => l.role === 'block');
      const groups = blocks.map(({ name }) => ({ name, ids: group(name) }));
      const small = groups.find(({ ids }) => ids.length === 5 || ids.length === 6);
      const lost = small?.ids.slice(0, 2) ?? [];
      await playRound(crew, lost);
      const { phase, sealed } = run.book.round(1);
      expect(phase).toBe('committed');
      const [before, after] = [run.book.checkpoint(0).layers, run.book.checkpoint(1).layers];
      for (const { name, ids } of groups) {
        const left = ids.filter((id) => !lost.includes(id)).length;
        if (left >= 5) expect(sealed?.layers[name]?.members).toBe(left);
        else {
          // of one that is struck nobody masks anything; of the other the masked words stay closed
          expect(sealed?.closed[name]).toBe(ids.length < 5 ? ids.length : left);
          expect(after[name]).toEqual(before[name]);
          seen[ids.length < 5 ? 'struck' : 'lost']++;
        }
      }
      expect(after.head).not.toEqual(before.head);
    }
    expect(seen.struck).toBeGreaterThan(0);
    expect(seen.lost).toBeGreaterThan(0);
  });

  it('tells the server nothing of one member: no score, loss, sample count, nor a word that is not masked', async () => {
    const crew = await sealedCrew();
    const { run } = crew;
    const sent = contributionsOf(
      run,
      crew.clients.map((c) => c.id),
    );
    await allDo(crew.clients, 'prepare');
    await allDo(crew.clients, 'share');
    await allDo(crew.clients, 'mask');
    const members = run.book.cohort(1);
    for (const { client, update, scores: own, trainLoss, evaluation, claimed } of members) {
      expect([own, trainLoss, evaluation, claimed]).toEqual([null, null, null, null]);
      const words = decodeWords(run.book.read(update!));
      const all: number[] = [];
      for (const [layer, masked] of words) {
        if (layer === figures || layer === scores) continue;
        const values = sent.get(client)!.layers.get(layer)!;
        expect(masked.length).toBe(values.length + 2);
        all.push(...masked);
      }
      // Small changes make small words; under a mask three quarters of them are as large as this.
      const large = all.filter((word) => Math.abs(word) > 2 ** 29).length;
      expect(all.length).toBeGreaterThan(100);
      expect(large / all.length).toBeGreaterThan(0.5);
    }
    expect(JSON.stringify(members.map((m) => m.sealing))).not.toMatch(/"(samples|loss|accuracy|scores)"/);
    expect(phaseOf(run)).toBe('unmasking');
  });

  it('is abandoned where too few are left for the secrets, and the model stays as it was', async () => {
    const crew = await sealedCrew();
    const { run } = crew;
    await allDo(crew.clients, 'prepare');
    await allDo(crew.clients, 'share');
    for (const id of ['c1', 'c2', 'c3']) await run.leave(id);
    expect(run.book.round(1)).toMatchObject({
      phase: 'abandoned',
      reason: '0 of 8 participants answered in uploading; 6 were needed.',
    });
    expect(run.book.run.committedRound).toBe(0);
    expect([...run.book.checkpoints.keys()]).toEqual([0]);
  });

  it('is abandoned where shares are missing, at the deadline, and nothing was opened', async () => {
    const crew = await sealedCrew();
    const { run, clients } = crew;
    await allDo(clients, 'prepare');
    await allDo(clients, 'share');
    await allDo(clients, 'mask');
    await allDo(clients.slice(0, 5), 'release');
    expect(phaseOf(run)).toBe('unmasking');
    await run.advance(31);
    expect(run.book.round(1).reason).toBe('5 of 8 participants answered in unmasking; 6 were needed.');
    expect(run.book.round(1).sealed).toBeNull();
  });

  it('is abandoned where the words of one make a sum that cannot be, and the model stays as it was', async () => {
    const crew = await sealedCrew();
    const { run, clients } = crew;
    await allDo(clients, 'prepare');
    await allDo(clients, 'share');
    const [hostile] = clients as [SealedClient];
    const asked = run.sealedWork(hostile.id);
    if (asked?.kind !== 'mask') throw new Error('it is to send its masked words');
    const words = [...decodeWords(await hostile.maskedFile(asked))].map(([name, data]) => {
      if (name === 'head') data[0] = (data[0]! + 0x3fffffff) | 0;
      return { name, shape: [data.length], data };
    });
    await run.masked(hostile.id, 1, encodeSafetensors(words));
    await allDo(clients.slice(1), 'mask');
    await allDo(clients, 'release');
    expect(run.book.round(1)).toMatchObject({
      phase: 'abandoned',
      reason: expect.stringContaining('aggregating failed: The sum of head is none that the participants'),
    });
    expect(run.book.run.committedRound).toBe(0);
  });

  it('goes on after a crash in each of its phases, with the same sums', async () => {
    for (const kind of ['prepare', 'share', 'mask', 'release'] as const) {
      const crew = await sealedCrew();
      const { run, clients } = crew;
      for (const step of ['prepare', 'share', 'mask', 'release'] as const) {
        await allDo(clients.slice(0, 4), step);
        if (step === kind) {
          const phase = phaseOf(run);
          await run.restart();
          for (const { id } of clients) await run.hello(id, run.book.clients.get(id)!.hello!);
          expect(phaseOf(run)).toBe(phase);
        }
        await allDo(clients.slice(4), step);
      }
      expect(run.book.round(1).phase).toBe('committed');
      expect(run.book.round(1).sealed?.layers.head).toMatchObject({ members: 8, weight: 36 });
    }
  });

  it('refuses what is not asked for, by its code, and takes the right answer after it', async () => {
    const crew = await sealedCrew();
    const { run, clients } = crew;
    const [first, second] = clients as [SealedClient, SealedClient];
    const refused = async (work: Promise<unknown>) =>
      work.then(
        () => 'nothing',
        (error: { code: string }) => error.code,
      );
    const clear = run.work('c1');
    if (clear.kind !== 'train') throw new Error('c1 is to train');
    expect(await refused(run.update('c1', 1, updateBytes(run, 'c1', clear)))).toBe('bad-request');
    await first.answer('prepare');
    const { ready } = run.book.member(1, 'c1')!.sealing!;
    expect(await refused(run.ready('c2', 1, ready))).toBe('bad-message');
    expect(await refused(run.ready('c2', 1, { ...ready, client: 'c2' }))).toBe('bad-signature');
    expect(await refused(run.ready('c9', 1, ready))).toBe('not-in-cohort');
    expect(await refused(run.ready('c1', 2, ready))).toBe('wrong-round');
    expect(await refused(run.ready('c1', 1, ready))).toBe('nothing'); // again, and counted once (R4)
    await allDo(clients, 'prepare');
    await second.answer('share');
    const { shared } = run.book.member(1, 'c2')!.sealing!;
    const fewer = { ...shared!, client: 'c1', envelopes: {} };
    expect(await refused(run.shared('c1', 1, fewer))).toBe('bad-message');
    expect(await refused(run.masked('c1', 1, new Uint8Array()))).toBe('wrong-phase');
    await allDo(clients, 'share');

    const asked = run.sealedWork('c1');
    if (asked?.kind !== 'mask') throw new Error('c1 is to send its masked words');
    const file = await first.maskedFile(asked);
    const words = [...decodeWords(file)].map(([name, data]) => ({ name, shape: [data.length], data }));
    expect(await refused(run.masked('c1', 1, encodeSafetensors(words.slice(1))))).toBe('wrong-layers');
    const floats = words.map(({ name, shape, data }) => ({ name, shape, data: Float32Array.from(data) }));
    expect(await refused(run.masked('c1', 1, encodeSafetensors(floats)))).toBe('bad-safetensors');
    // Seven are in time, c1's words come when the phase is over: they are not read, and c1 counts as lost.
    await allDo(clients.slice(1), 'mask');
    await run.advance(31);
    expect(phaseOf(run)).toBe('unmasking');
    expect(await refused(run.masked('c1', 1, file))).toBe('wrong-phase');
    expect(run.sealedWork('c1')).toBeNull();
    await allDo(clients.slice(1), 'release');
    expect(run.book.round(1).sealed?.layers.head).toMatchObject({ members: 7 });
  });

  it('chooses layers by the sums of the scores of the round before: nested, and each within its own budget', async () => {
    const strategy = { name: 'gradient-norm' } as const;
    const drawn = { kind: 'drawn', distribution: 'uniform', min: 1, max: 3 } as const;
    const crew = await sealedCrew({ strategy, budget: drawn, rounds: 3 }, anyGroup);
    const { run, clients } = crew;
    const blocks = layoutFor(run.book.run.config)
      .layers.filter((l) => l.role === 'block')
      .map((l) => l.name);
    expect(run.sealedWork('c1')).toMatchObject({ kind: 'prepare', terms: { score: 'squared-norm' } });
    const sent = contributionsOf(
      run,
      clients.map((c) => c.id),
    );
    await playRound(crew, ['c2']);
    const means = run.book.round(1).sealed?.scores;
    const left = clients.map((c) => c.id).filter((id) => id !== 'c2');
    for (const [i, block] of blocks.entries()) {
      const shares = left.map((id) => {
        const own = sent.get(id)!.scores!;
        return (Number(id.slice(1)) * own[i]!) / own.reduce((a, b) => a + b, 0);
      });
      const weight = left.reduce((sum, id) => sum + Number(id.slice(1)), 0);
      expect(means?.[block]).toBeCloseTo(shares.reduce((a, b) => a + b, 0) / weight, 5);
    }
    const order = [...blocks].sort((a, b) => means![b]! - means![a]!);
    const members = run.book.cohort(2);
    expect(members.length).toBeGreaterThan(4);
    for (const { mask, budget: room, scores: own } of members) {
      expect([...mask!].sort()).toEqual(order.slice(0, room).sort());
      expect(own).toBeNull();
    }
    expect(new Set(members.map((m) => m.mask!.length)).size).toBeGreaterThan(1);
    expect(run.moves.some((m) => m.phase === 'probing')).toBe(false);
    // Of no one's scores is anything known, so that no error of the masks is said.
    expect([run.book.round(1).e1, run.book.round(1).e2]).toEqual([null, null]);
    run.book.tidy();
    expect(run.book.member(1, 'c1')?.sealing).toMatchObject({ shared: null, released: null });
    // Nobody is asked in the last round, after which nothing is chosen.
    await run.hello('c2', run.book.clients.get('c2')!.hello!);
    await playRound(crew);
    expect(run.sealedWork('c1')).toMatchObject({ kind: 'prepare', round: 3, terms: { score: null } });
  });

  it('rounds each layer by the clip that the rounds before left, on both sides', async () => {
    const crew = await sealedCrew({ rounds: 6 });
    const { run } = crew;
    for (let round = 1; round <= 6; round++) await playRound(crew);
    expect(run.book.run.state).toBe('finished');
    // Changes are below 0.005, so that nothing is clamped at 0.1, nor at half of that.
    const clips = [1, 4, 5, 6].map((round) => run.book.round(round).sealed?.clips.head);
    expect(clips).toEqual([
      { value: 0.1, calm: 1 },
      { value: 0.1, calm: 4 },
      { value: 0.05, calm: 0 },
      { value: 0.05, calm: 1 },
    ]);
    const [before, after] = [valuesOf(run, 5, 'head'), valuesOf(run, 6, 'head')];
    const largest = Math.max(...after.map((value, i) => Math.abs(value - before[i]!)));
    expect(largest).toBeLessThan(0.005);
    expect(largest).toBeGreaterThan(0.0005);
  });
});

/** What each of these clients, which is to train, has to say of it. */
function contributionsOf(run: MemoryRun, ids: readonly string[]) {
  return new Map(
    ids.map((id) => {
      const work = run.work(id);
      if (work.kind !== 'train') throw new Error(`${id} has ${work.kind}`);
      return [id, contributionOf(run, id, work)] as const;
    }),
  );
}
