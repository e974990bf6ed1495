import { describe, expect, it } from 'vitest';
import { epsilonOf, Length, type RandomWords } from '../../privacy/index.ts';
import {
  type ClientPrivacy,
  decodeSafetensors,
  encodeSafetensors,
  type RunConfigInput,
} from '../../protocol/index.ts';
import { random } from '../../random.ts';
import type { ClientInput } from '../../selection/index.ts';
import type { MemoryRun } from '../memory/run.ts';
import { choose } from '../selection/choice.ts';
import { chooseForRound } from '../selection/choosing.ts';
import { syntheticDelta } from '../testing/answers.ts';
import { testConfig, tinyModel } from '../testing/config.ts';
import { answerAll, memoryRun, startCrew } from '../testing/crew.ts';
import { adaptedClip, unclipped } from './clip.ts';
import { type PrivacyPlan, privacyPlan } from './plan.ts';

const promise: ClientPrivacy = {
  kind: 'client',
  epsilon: 8,
  delta: 1e-2,
  clip: 1,
  quantile: null,
  noise: null,
  sampling: null,
  figures: { kind: 'reported' },
};
const privateConfig = (privacy: Partial<ClientPrivacy> = {}, more: Partial<RunConfigInput> = {}) =>
  testConfig({
    model: tinyModel,
    side: 8,
    rounds: 3,
    strategy: { name: 'round-robin' },
    aggregation: { rule: { name: 'mean' } },
    privacy: { ...promise, ...privacy },
    ...more,
  });

/** Words that are the same in every run, and how many were drawn. */
function countedWords(seed = 1): RandomWords & { readonly drawn: number } {
  const { uniform } = random(seed, 'words');
  let drawn = 0;
  return {
    next: () => {
      drawn += 1;
      return uniform() * 2 ** 32;
    },
    get drawn() {
      return drawn;
    },
  };
}

/** How far a round moved each layer: all values of it, one after the other. */
function changes(run: MemoryRun, round: number): Map<string, Float64Array> {
  const { baseRound } = run.book.round(round);
  const valuesOf = (at: number, layer: string) =>
    decodeSafetensors(run.book.read(run.book.checkpoint(at).layers[layer]!.sha256)).tensors.flatMap((t) => [
      ...t.data,
    ]);
  return new Map(
    Object.keys(run.book.checkpoint(round).layers).map((layer) => {
      const before = valuesOf(baseRound, layer);
      return [layer, Float64Array.from(valuesOf(round, layer), (v, k) => v - before[k]!)];
    }),
  );
}

describe('a run under differential privacy', () => {
  it('noises what was trained and nothing else, records what it spends, and ends within its epsilon', async () => {
    const run = await memoryRun({ config: privateConfig(), words: countedWords() });
    await answerAll(run, await startCrew(run, 3));
    const { book } = run;
    expect(book.run.state).toBe('finished');
    const [noise] = book.released().map((r) => r.model!.noise);
    for (const [i, { round }] of book.committed.entries()) {
      const rounds = i + 1;
      const { epsilon } = epsilonOf([{ sampling: 1, noise: noise!, rounds }], 1e-2);
      expect(book.round(round).privacy).toEqual({
        clip: 1,
        choice: null,
        model: { noise, share: null },
        epsilon,
      });
      const trained = new Set(['head', ...book.cohort(round).flatMap((m) => m.mask!)]);
      for (const [layer, change] of changes(run, round)) {
        const length = new Length();
        length.add(change);
        // three short updates, divided by three: what is seen is noise of deviation z S / 3
        const expected = trained.has(layer) ? (noise! * Math.sqrt(change.length)) / 3 : 0;
        expect(length.value).toBeGreaterThanOrEqual(0.6 * expected);
        expect(length.value).toBeLessThanOrEqual(1.4 * expected);
      }
    }
    expect(book.released().at(-1)!.epsilon).toBeLessThanOrEqual(8);
    expect(book.released().at(-1)!.epsilon).toBeGreaterThan(7.99);
    expect(run.moves.some((m) => m.phase === 'probing')).toBe(false);
  });

  it('bounds what one client changes, however long its update and however many samples it claims', async () => {
    const moved = async (factor: number) => {
      const config = privateConfig({ noise: 0.2, epsilon: 100 }, { rounds: 1, strategy: { name: 'full' } });
      const run = await memoryRun({ config, words: countedWords() });
      const ids = await startCrew(run, 3, { samples: 10 });
      const train = run.work('c1');
      if (train.kind !== 'train') throw new Error('no training');
      const delta = syntheticDelta(config, train.train, 7).map((t) => ({
        ...t,
        data: t.data.map((v) => factor * v),
      }));
      await run.update('c1', 1, encodeSafetensors(delta, { samples: '100000', loss: '1' }));
      await answerAll(run, ids);
      return changes(run, 1);
    };
    // the same words: the noise of both runs is the same, and what differs is the client's
    const [none, huge] = [await moved(0), await moved(1e6)];
    const difference = new Length();
    for (const [layer, values] of huge) difference.add(values.map((v, k) => v - none.get(layer)![k]!));
    expect(3 * difference.value).toBeLessThanOrEqual(1 + 1e-4);
    expect(3 * difference.value).toBeGreaterThan(0.99);
  });

  it('stops before the round that would pass its epsilon, and says so to everybody', async () => {
    const run = await memoryRun({ config: privateConfig({ noise: 1.2, epsilon: 6 }, { rounds: 10 }) });
    await answerAll(run, await startCrew(run, 3));
    const { book } = run;
    const spent = (rounds: number) => epsilonOf([{ sampling: 1, noise: 1.2, rounds }], 1e-2).epsilon;
    const affordable = book.committed.length;
    expect(spent(affordable)).toBeLessThanOrEqual(6);
    expect(spent(affordable + 1)).toBeGreaterThan(6);
    expect(affordable).toBeGreaterThan(1);
    expect(book.openRound).toBeNull();
    expect(book.run).toMatchObject({ state: 'stopped' });
    expect(book.run.reason).toMatch(
      `The privacy budget is spent: an epsilon of ${spent(affordable).toFixed(2)} of 6, and another round would come to ${spent(affordable + 1).toFixed(2)}.`,
    );
    expect(run.work('c1')).toMatchObject({ kind: 'over', state: 'stopped', message: book.run.reason });
  });

  it('counts a model that was sent to be evaluated, though its round was abandoned', async () => {
    const run = await memoryRun({ config: privateConfig() });
    const ids = await startCrew(run, 3);
    await answerAll(run, ids, () => run.book.round(1).phase === 'evaluating');
    expect(run.work('c2').kind).toBe('evaluate');
    await run.command('stop');
    await run.advance(1);
    expect(run.book.round(1).phase).toBe('abandoned');
    expect(run.book.committed).toEqual([]);
    expect(run.book.released()).toHaveLength(1);
  });

  it('spends nothing by a round that is abandoned before its model is made', async () => {
    const run = await memoryRun({ config: privateConfig() });
    await startCrew(run, 3);
    await run.advance(20);
    expect(run.book.round(1).phase).toBe('abandoned');
    expect(run.book.released()).toEqual([{ clip: 1, choice: null, model: null, epsilon: 0 }]);
  });

  it('draws nothing anew after a crash: what was sent before it is committed after it, once', async () => {
    const words = countedWords();
    const run = await memoryRun({ config: privateConfig(), words });
    const ids = await startCrew(run, 3);
    await answerAll(run, ids, () => run.book.round(1).phase === 'evaluating');
    const { candidate, privacy } = run.book.round(1);
    const { drawn } = words;
    expect(drawn).toBeGreaterThan(0);
    await run.restart();
    expect(run.book.round(1).candidate).toEqual(candidate);
    for (const id of ids) await run.hello(id, run.book.clients.get(id)!.hello!);
    await answerAll(run, ids, () => run.book.committed.length === 1);
    expect(run.book.checkpoint(1).layers).toEqual(candidate);
    expect(words.drawn).toBe(drawn);
    expect(run.book.released()[0]).toEqual(privacy);
    expect(run.book.released().filter((r) => r.model)).toHaveLength(1);
  });

  it('chooses by noised scores alone: the same masks for all, recorded as training begins, averaged over turns', async () => {
    const words = countedWords();
    const run = await memoryRun({
      config: privateConfig({}, { strategy: { name: 'strata', lambda: 0 }, rounds: 4 }),
      words,
    });
    const ids = await startCrew(run, 3);
    await answerAll(run, ids, () => run.book.round(1).phase === 'training');
    const { privacy } = run.book.round(1);
    const { noise, shares } = privacy!.choice!;
    expect(privacy!.model).toBeNull();
    expect(privacy!.epsilon).toBeCloseTo(epsilonOf([{ sampling: 1, noise, rounds: 1 }], 1e-2).epsilon, 12);
    const { drawn } = words;
    await run.restart();
    for (const id of ids) await run.hello(id, run.book.clients.get(id)!.hello!);
    expect(run.book.round(1).privacy).toEqual(privacy);
    expect(words.drawn).toBe(drawn);
    await answerAll(run, ids);
    const { book } = run;
    expect(book.run.state).toBe('finished');
    const model = book.released()[0]!.model!.noise;
    expect(noise).toBeCloseTo(5 * model, 12);
    expect(book.released().at(-1)!.epsilon).toBeLessThanOrEqual(8);
    expect(book.released().at(-1)!.epsilon).toBeGreaterThan(7.99);
    const sums: Record<string, number> = Object.fromEntries(Object.keys(shares).map((l) => [l, 0]));
    for (const { round } of book.committed) {
      for (const [layer, share] of Object.entries(book.round(round).privacy!.choice!.shares))
        sums[layer]! += share;
      // two of three blocks: those whose noised shares add up to most, what is below nothing counting as nothing
      const best = Object.keys(sums).toSorted((a, b) => Math.max(0, sums[b]!) - Math.max(0, sums[a]!));
      const masks = book.cohort(round).map((m) => m.mask!);
      expect(new Set(masks.map((m) => m.join())).size).toBe(1);
      if (sums[best[1]!]! > 0) expect(new Set(masks[0])).toEqual(new Set(best.slice(0, 2)));
    }
  });

  it('lets the clip follow the updates, for two percent more noise, and tells clients the newest', async () => {
    const of = async (clip: number) => {
      const privacy = { clip, quantile: 0.5, epsilon: 100, delta: 0.05 };
      const config = privateConfig(privacy, { rounds: 6, cohort: { goal: 3, minimum: 3, quorum: 0.5 } });
      const run = await memoryRun({ config, words: countedWords() });
      const ids = await startCrew(run, 3);
      await answerAll(run, ids, () => run.book.round(1).phase === 'training');
      expect(run.work('c1')).toMatchObject({ kind: 'train', clip });
      await answerAll(run, ids);
      expect(run.book.run.state).toBe('finished');
      expect(run.book.released().at(-1)!.epsilon).toBeLessThanOrEqual(100);
      const [first, second] = run.book.released();
      const { noise, value } = first!.model!.share!;
      expect(noise).toBeCloseTo(5 * first!.model!.noise, 12);
      expect(second!.clip).toBe(adaptedClip(clip, value, 0.5));
      return {
        run,
        blind: epsilonOf([{ sampling: 1, noise: first!.model!.noise, rounds: 6 }], 0.05).epsilon,
      };
    };
    // all updates of scripted clients are about 0.1 long
    const { run, blind } = await of(1e-3);
    expect(blind).toBeLessThan(run.book.released().at(-1)!.epsilon);
    expect(unclipped(run.book.cohort(1), 1e-3)).toBe(0);
    expect(unclipped(run.book.cohort(1), 10)).toBe(3);
    await of(10);
  });

  it('shows no strategy whose scores or how many samples somebody has', async () => {
    const run = await memoryRun({ config: privateConfig({}, { strategy: { name: 'gradient-norm' } }) });
    const ids = await startCrew(run, 3);
    await answerAll(run, ids, () => run.book.round(1).phase === 'training');
    const { book } = run;
    let seen: readonly ClientInput[] = [];
    await chooseForRound(book.facts(1), {
      earlierProbes: async (clients) => book.earlierProbes(clients),
      earlierMasks: async () => ({}),
      historyAfter: async () => null,
      statesAfter: async () => null,
      choose: async (question) => {
        seen = question.input.clients;
        return choose(question);
      },
      words: countedWords(),
    });
    expect(seen).toHaveLength(3);
    expect(new Set(seen.map((c) => JSON.stringify(c.scores))).size).toBe(1);
    expect(seen.map((c) => c.samples)).toEqual([1, 1, 1]);
  });

  it('counts a choice whose masks were sent, though its round was abandoned before a model was made', async () => {
    const run = await memoryRun({ config: privateConfig({}, { strategy: { name: 'gradient-norm' } }) });
    const ids = await startCrew(run, 3);
    await answerAll(run, ids, () => run.book.round(1).phase === 'training');
    await run.advance(20);
    expect(run.book.round(1)).toMatchObject({ phase: 'abandoned', privacy: { model: null } });
    expect(run.book.released()[0]!.epsilon).toBeGreaterThan(0);
  });

  it('draws layers that were finished before a crash only once', async () => {
    for (let points = 0; points < 12; points++) {
      const run = await memoryRun({
        config: privateConfig({}, { strategy: { name: 'full' } }),
        words: countedWords(),
      });
      const ids = await startCrew(run, 3);
      await answerAll(run, ids.slice(0, 2), () => run.book.cohort(1).filter((m) => m.update).length === 2);
      run.crashAfter(points);
      await answerAll(run, ['c3'], () => run.crashed || run.book.round(1).phase !== 'training');
      const finished = run.book.round(1).candidate ?? {};
      if (!run.crashed) break;
      await run.restart();
      for (const id of ids) await run.hello(id, run.book.clients.get(id)!.hello!);
      await answerAll(run, ids, () => run.book.committed.length === 1);
      expect(run.book.checkpoint(1).layers).toMatchObject(finished);
      expect(run.book.released().length).toBeGreaterThan(0);
    }
  });
});

describe('privacyPlan', () => {
  const planOf = (more: Partial<RunConfigInput>): PrivacyPlan =>
    privacyPlan(privateConfig({ epsilon: 8, delta: 1e-2 }, { rounds: 20, ...more }), promise);
  const cohort = { goal: 20, minimum: 20, quorum: 0.5 };

  it('is z sqrt(P) / n where everybody trains the same, worked by hand', () => {
    const { noise, noiseOverClip, rounds, epsilon } = planOf({ strategy: { name: 'head-only' }, cohort });
    expect(noise).toBeCloseTo(2.01, 1);
    expect(rounds).toBe(20);
    expect(epsilon).toBeLessThanOrEqual(8);
    // the tiny model's head: a norm of 4 + 4, and 4 x 3 weights with 3 biases
    expect(noiseOverClip).toBeCloseTo((noise * Math.sqrt(8 + 12 + 3)) / 20, 9);
  });

  it('rises where clients disagree: a layer that few train has more noise', () => {
    const budget = { kind: 'fixed', unit: 'layers', amount: 1 } as const;
    const same = planOf({ strategy: { name: 'top' }, budget, cohort }).noiseOverClip!;
    const differing = planOf({ strategy: { name: 'random' }, budget, cohort }).noiseOverClip!;
    expect(differing).toBeGreaterThan(1.2 * same);
  });

  it('has 2 % more noise where every round also chooses by scores, and none more where few do', () => {
    const blind = planOf({ strategy: { name: 'top' }, cohort }).noise;
    const scored = planOf({ strategy: { name: 'strata', lambda: 1 }, cohort });
    expect(scored.noise / blind).toBeCloseTo(Math.sqrt(1 + 1 / 25), 9);
    expect(scored.rounds).toBe(20);
    const seldom = planOf({ strategy: { name: 'strata', lambda: 1 }, selection: { every: 10 }, cohort });
    expect(seldom.noise / blind).toBeCloseTo(Math.sqrt(1 + 2 / 20 / 25), 9);
  });

  it('says how many rounds a stated noise lasts', () => {
    const stated = { ...promise, noise: 1.2, epsilon: 6 };
    const { rounds, epsilon } = privacyPlan(privateConfig({}, { rounds: 50 }), stated);
    expect(epsilonOf([{ sampling: 1, noise: 1.2, rounds }], 1e-2).epsilon).toBeCloseTo(epsilon, 9);
    expect(epsilonOf([{ sampling: 1, noise: 1.2, rounds: rounds + 1 }], 1e-2).epsilon).toBeGreaterThan(6);
  });
});
