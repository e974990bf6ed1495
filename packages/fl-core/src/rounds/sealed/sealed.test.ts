import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunConfigInput } from '../../protocol/index.ts';
import { gridFor, mostWeight, stepOf } from '../../sealing/index.ts';
import { repeatable } from '../../sealing/testing/index.ts';
import { checkConfig, configProblems } from '../check-config.ts';
import { testConfig, tinyModel } from '../testing/config.ts';
import { sealedAggregation } from '../testing/sealed-crew.ts';
import { answersNeeded, secondsOf } from '../verdict.ts';
import { exchangeOf, figures, scores, termsAfter, vectorsOf } from './exchange.ts';
import { readFigures, readLayer, readScores, wordsOf } from './words.ts';

const config = (more: Partial<RunConfigInput> = {}) =>
  testConfig({
    model: tinyModel,
    side: 8,
    strategy: { name: 'top' },
    cohort: { goal: 8, minimum: 5 },
    aggregation: sealedAggregation,
    ...more,
  } as Partial<RunConfigInput>);

describe('the words of a participant', () => {
  it('add up to the weighted means of what everybody has to say, to within a step', () => {
    const first = termsAfter(config(), 0, null);
    const terms = { ...first, clips: { ...first.clips, head: { value: 0.5, calm: 0 } } };
    const client = fc.record({
      value: fc.float({ min: -1, max: 1, noNaN: true }),
      samples: fc.integer({ min: 0, max: 2000 }),
      trainLoss: fc.double({ min: 0, max: 150, noNaN: true }),
      heldOut: fc.option(fc.integer({ min: 1, max: 700 })),
      accuracy: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(client, { minLength: 1, maxLength: 12 }), fc.integer(), (all, seed) => {
        const members = all.length;
        const layer = new Int32Array(3);
        const other = new Int32Array(5);
        for (const [i, c] of all.entries()) {
          const before =
            c.heldOut === null ? null : { samples: c.heldOut, loss: c.trainLoss / 2, accuracy: c.accuracy };
          const { samples, trainLoss } = c;
          const layers = new Map([['head', new Float32Array([c.value])]]);
          const words = wordsOf(
            config(),
            terms,
            members,
            { layers, samples, trainLoss, before, scores: null },
            repeatable(seed, i),
          );
          words.get('head')!.forEach((word, k) => {
            layer[k] = layer[k]! + word;
          });
          words.get(figures)!.forEach((word, k) => {
            other[k] = other[k]! + word;
          });
        }
        const weightOf = (n: number) => Math.max(1, Math.round((64 * Math.min(n, 640)) / 640));
        const mean = (rows: readonly (readonly [value: number, weight: number])[]) =>
          rows.reduce((sum, [value, weight]) => sum + value * weight, 0) /
          rows.reduce((sum, [, weight]) => sum + weight, 0);
        const clamped = (value: number, most: number) => Math.max(-most, Math.min(most, value));

        const opened = readLayer(config(), terms, 'head', members, members, layer);
        expect(opened.weight).toBe(all.reduce((sum, c) => sum + weightOf(c.samples), 0));
        expect(opened.clamped).toBe(all.filter((c) => Math.abs(c.value) > 0.5).length);
        const step = members * stepOf(gridFor(members, mostWeight, 0.5), opened.weight);
        const exact = mean(all.map((c) => [clamped(c.value, 0.5), weightOf(c.samples)]));
        expect(Math.abs(opened.mean[0]! - exact)).toBeLessThan(step + 1e-7);

        const { trainLoss, before } = readFigures(members, members, other);
        const loss = mean(all.map((c) => [clamped(c.trainLoss, 100), weightOf(c.samples)]));
        expect(Math.abs(trainLoss - loss)).toBeLessThan(1e-4);
        const tried = all.filter((c) => c.heldOut !== null);
        if (tried.length === 0) expect(before).toBeNull();
        else {
          const accuracy = mean(tried.map((c) => [c.accuracy, weightOf(c.heldOut!)]));
          expect(Math.abs(before!.accuracy - accuracy)).toBeLessThan(1e-6);
        }
      }),
    );
  });
});

describe('a sum that the participants cannot make', () => {
  const terms = termsAfter(config(), 0, null);
  const { scale } = gridFor(8, mostWeight, 0.1);
  // one value, the weight, how many were clamped; of 8 on the roster 6 are in the sum
  const layer = (value: number, weight: number) =>
    readLayer(config(), terms, 'head', 8, 6, Int32Array.from([value, weight, 0]));

  it('is refused: weights that nobody has, values beyond the clip, shares beyond all of it', () => {
    const most = Math.floor(6 * 0.1 * scale) + 6;
    expect(layer(most, 6).mean[0]).toBeCloseTo(0.1, 6);
    for (const [value, weight] of [
      [0, 5],
      [0, -1],
      [0, 6 * 64 + 1],
      [most + 1, 6],
      [-most - 1, 6],
    ] as const) {
      expect(() => layer(value, weight)).toThrow('The sum of head is none that');
    }
    const figure = (...words: number[]) => readFigures(8, 6, Int32Array.from(words));
    expect(figure(6, 0, 0, 0, 0)).toEqual({ trainLoss: 0, before: null });
    expect(() => figure(0, 0, 0, 0, 0)).toThrow('The sum of the figures');
    expect(() => figure(6, 0, -1, 0, 0)).toThrow('The sum of the figures');
    expect(() => figure(6, 0, 6, 0, 0x7fffffff)).toThrow('The sum of the figures');
    expect(() => readScores(['a'], 8, 6, Int32Array.from([-1]), 6)).toThrow('The sum of the scores');
  });
});

describe('what a sealed round is of', () => {
  it('is another exchange where anything differs that its words follow from', () => {
    const run = { id: 'run', config: config() };
    const base = { head: { sha256: 'a'.repeat(64), bytes: 1 } };
    const terms = termsAfter(config(), 0, null);
    const first = exchangeOf(run, 1, base, terms);
    const others = [
      exchangeOf({ ...run, id: 'other' }, 1, base, terms),
      exchangeOf(run, 2, base, terms),
      exchangeOf(run, 1, { head: { sha256: 'b'.repeat(64), bytes: 1 } }, terms),
      exchangeOf(run, 1, base, { ...terms, clips: { ...terms.clips, head: { value: 0.2, calm: 0 } } }),
      exchangeOf(run, 1, base, { ...terms, score: 'snr' }),
      exchangeOf({ ...run, config: config({ seed: 2 }) }, 1, base, terms),
    ];
    expect(new Set([first, ...others].map((e) => JSON.stringify(e))).size).toBe(7);
    expect(exchangeOf(run, 1, { ...base }, terms)).toEqual(first);
    expect(vectorsOf(config(), terms, [])).toEqual([figures, 'head']);
    expect(vectorsOf(config(), { ...terms, score: 'snr' }, [])).toEqual([figures, scores, 'head']);
  });
});

describe('a sealed phase', () => {
  it('needs as many as a sum does, and as secrets are put together from', () => {
    const needed = (phase: 'training' | 'sealing' | 'uploading' | 'unmasking', ready: number) =>
      answersNeeded(phase, 8, config(), ready);
    expect(needed('training', 0)).toBe(5);
    expect(['sealing', 'uploading', 'unmasking'].map((p) => needed(p as 'sealing', 8))).toEqual([6, 6, 6]);
    expect(needed('uploading', 5)).toBe(5);
    expect(needed('uploading', 100)).toBe(22);
    expect(secondsOf('unmasking', config())).toBe(30);
  });
});

describe('a configuration', () => {
  const paths = (more: Partial<RunConfigInput>) => configProblems(config(more)).map((p) => p.path);
  const aggregation = (more: object) =>
    ({ aggregation: { ...sealedAggregation, ...more } }) as Partial<RunConfigInput>;

  it('is refused where it needs more of participants than their sum, with the reason', () => {
    expect(paths({})).toEqual([]);
    const krum = aggregation({ rule: { name: 'krum', byzantine: 1 } });
    expect(() => checkConfig(config(krum))).toThrow('of a sealed round the server has their sum alone');
    for (const rule of [
      { name: 'median' },
      { name: 'trimmed-mean', share: 0.1 },
      { name: 'clipped-mean', factor: 1.5 },
    ])
      expect(paths(aggregation({ rule }))).toContain('aggregation.rule');
    expect(paths(aggregation({ weightCap: 2 }))).toEqual(['aggregation.weightCap']);
    const raw = { selection: { scores: 'raw' }, strategy: { name: 'strata', lambda: 1 } } as const;
    expect(paths(raw)).toEqual(['selection.scores']);
    expect(paths({ ...raw, strategy: { name: 'top' } })).toEqual([]);
    expect(paths({ strategy: raw.strategy })).toEqual([]);
    expect(paths({ strategy: { name: 'adagrad-select' } as RunConfigInput['strategy'] })).toEqual([
      'strategy',
    ]);
    expect(paths({ budget: { kind: 'fixed', unit: 'milliseconds', amount: 9 } })).toEqual(['budget.unit']);
    expect(paths({ stopping: { patience: 3 } })).toEqual(['stopping.patience']);
    expect(paths({ stopping: { target: 0.9 } })).toEqual(['stopping.target']);
    expect(paths({ retention: { best: 1 } })).toEqual(['retention.best']);
    expect(paths({ cohort: { goal: 8, minimum: 4 } })).toEqual(['cohort.minimum']);
  });

  it('may do all of that where it is open', () => {
    const open = { ...sealedAggregation, sealing: { kind: 'open' }, weightCap: 2 } as const;
    expect(paths({ aggregation: open, strategy: { name: 'strata', lambda: 1 } })).toEqual([]);
  });
});
