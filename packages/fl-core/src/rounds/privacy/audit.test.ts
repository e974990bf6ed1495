// @module-tag long
import { expect, it } from 'vitest';
import { epsilonOf, type RandomWords } from '../../privacy/index.ts';
import { decodeSafetensors, encodeSafetensors } from '../../protocol/index.ts';
import { random } from '../../random.ts';
import { layoutFor } from '../layout.ts';
import type { MemoryRun } from '../memory/run.ts';
import { testConfig, tinyModel } from '../testing/config.ts';
import { answerAll, memoryRun, startCrew, updateBytes } from '../testing/crew.ts';

/**
 * An attack on whole rounds, beside what the accountant says of one of them: a client whose update is a signal far
 * longer than the clip, in every other round, zeros in the others; whoever sees the models guesses which it was.
 */

const noise = 1;
const delta = 1e-5;
const roundsEach = 20;
const runs = 100;
const clip = 1;

const config = testConfig({
  model: tinyModel,
  side: 8,
  rounds: roundsEach,
  strategy: { name: 'head-only' },
  aggregation: { rule: { name: 'mean' } },
  privacy: { kind: 'client', epsilon: 100, delta: 1e-2, clip, noise },
});
const head = layoutFor(config).layers.find((l) => l.role === 'head')!;

/** All values of the head alike, longer than the clip a thousand times; or zeros. */
const canary = (there: boolean): Uint8Array =>
  encodeSafetensors(
    head.tensors.map(({ name, shape }) => {
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(there ? 1000 : 0);
      return { name, shape, data };
    }),
    { samples: '10', loss: '1' },
  );

const valuesOf = (run: MemoryRun, round: number): number[] =>
  decodeSafetensors(run.book.read(run.book.checkpoint(round).layers.head!.sha256)).tensors.flatMap((t) => [
    ...t.data,
  ]);

/** How far the sum of a round's updates went in the canary's direction, in clips: 1 + noise, or noise alone. */
function seen(run: MemoryRun, round: number): number {
  const [before, after] = [valuesOf(run, round - 1), valuesOf(run, round)];
  const along = after.reduce((sum, v, k) => sum + v - before[k]!, 0) / Math.sqrt(after.length);
  return (run.book.cohort(round).length * along) / clip;
}

/** One-sided 97.5 % Clopper-Pearson bound by bisection: the largest (or smallest) rate that `hits` of `trials` allow. */
function rateBound(hits: number, trials: number, upper: boolean): number {
  // P(X <= hits) at rate p, in logarithms
  const atMost = (p: number): number => {
    let logMass = trials * Math.log1p(-p);
    let sum = Math.exp(logMass);
    for (let k = 0; k < hits; k++) {
      logMass += Math.log(((trials - k) / (k + 1)) * (p / (1 - p)));
      sum += Math.exp(logMass);
    }
    return sum;
  };
  let [low, high] = [1e-12, 1 - 1e-12];
  for (let i = 0; i < 100; i++) {
    const p = (low + high) / 2;
    // the upper bound: hits or fewer are still likely enough; the lower one: hits or more are
    const inside = upper ? atMost(p) > 0.025 : 1 - atMostBefore(hits, trials, p) < 0.025;
    if (inside) low = p;
    else high = p;
  }
  return low;
}

function atMostBefore(hits: number, trials: number, p: number): number {
  let logMass = trials * Math.log1p(-p);
  let sum = hits > 0 ? Math.exp(logMass) : 0;
  for (let k = 0; k < hits - 1; k++) {
    logMass += Math.log(((trials - k) / (k + 1)) * (p / (1 - p)));
    sum += Math.exp(logMass);
  }
  return sum;
}

it('tells a client of 2,000 rounds apart from zeros no better than the reported epsilon allows, and not much worse', async () => {
  const { uniform } = random('audit');
  const words: RandomWords = { next: () => uniform() * 2 ** 32 };
  const [present, absent]: [number[], number[]] = [[], []];
  for (let n = 0; n < runs; n++) {
    const run = await memoryRun({ config, words });
    const ids = await startCrew(run, 3);
    for (let round = 1; round <= roundsEach; round++) {
      const there = round % 2 === 0;
      await run.update('c1', round, canary(there));
      for (const id of ['c2', 'c3']) {
        const work = run.work(id);
        if (work.kind === 'train') await run.update(id, round, updateBytes(run, id, work));
      }
      await answerAll(run, ids, () => run.book.committed.length >= round);
      (there ? present : absent).push(seen(run, round));
    }
  }
  expect(present).toHaveLength((runs * roundsEach) / 2);
  const reported = epsilonOf([{ sampling: 1, noise, rounds: 1 }], delta).epsilon;
  let measured = 0;
  for (let threshold = 0; threshold < 4; threshold += 0.25) {
    const hits = present.filter((v) => v > threshold).length;
    const alarms = absent.filter((v) => v > threshold).length;
    const right = rateBound(hits, present.length, false);
    const wrong = rateBound(alarms, absent.length, true);
    measured = Math.max(measured, Math.log((right - delta) / wrong));
  }
  expect(measured).toBeLessThanOrEqual(reported);
  // The attack works: were the clip or the noise off by half, it would be seen.
  expect(measured).toBeGreaterThan(1);
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  expect(mean(present) - mean(absent)).toBeCloseTo(1, 0);
}, 120_000);
