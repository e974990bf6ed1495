import { beforeAll, describe, expect, it } from 'vitest';
import type { DistributedPrivacy, RunConfigInput } from '../../protocol/index.ts';
import { random } from '../../random.ts';
import { deviceRandomness, unmask, type Vectors } from '../../sealing/index.ts';
import { clientName, plainSum, playToMasks, releasedBy, unmaskingOf } from '../../sealing/testing/index.ts';
import { configProblems } from '../check-config.ts';
import { largestCohort } from '../cohort.ts';
import { distributedGrid } from '../privacy/distributed.ts';
import { testConfig, tinyModel } from '../testing/config.ts';
import { sealedAggregation } from '../testing/sealed-crew.ts';
import { type Contribution, exchangeOf, readNoisedLayer, termsAfter, vectorsOf, wordsOf } from './index.ts';

const privacy: DistributedPrivacy = {
  kind: 'distributed',
  epsilon: 8,
  delta: 1e-2,
  clip: 1,
  noise: 1.5,
  colluding: 0,
};
const sealing = { ...sealedAggregation.sealing, atLeast: 3 };
const configOf = (more: Partial<RunConfigInput> = {}) =>
  testConfig({
    model: tinyModel,
    side: 8,
    strategy: { name: 'round-robin' },
    budget: { kind: 'fixed', unit: 'layers', amount: 1 },
    cohort: { goal: 6, minimum: 6 },
    aggregation: { ...sealedAggregation, sealing },
    privacy,
    ...more,
  } as Partial<RunConfigInput>);

const config = configOf();
const terms = termsAfter(config, 0, null);
const base = { head: { sha256: 'a'.repeat(64), bytes: 1 } };
const whole = exchangeOf({ id: 'run', config }, 1, base, terms);
const cohort = Array.from({ length: 6 }, (_, i) => clientName(i));

/** Some participant's changes, whose whole length is `length`. */
function contributionOf(client: string, layers: readonly string[], length: number): Contribution {
  const { normal } = random('noised', client);
  const values = layers.map(
    (l) => [l, Float32Array.from({ length: whole.vectors[l]! }, () => normal())] as const,
  );
  const now = Math.sqrt(values.reduce((sum, [, v]) => sum + v.reduce((a, b) => a + b * b, 0), 0));
  for (const [, v] of values)
    v.forEach((x, k) => {
      v[k] = (x * length) / now;
    });
  const before = { samples: 4, loss: 2, accuracy: 0.5 };
  return { layers: new Map(values), samples: 77, trainLoss: 1.5, before, scores: [1, 2, 3] };
}

describe('the words of a participant that adds noise itself', () => {
  it('are of its layers alone: no figure, no score, no weight, no count leaves the device', () => {
    const layers = ['head', ...Object.keys(whole.vectors).filter((l) => l.includes('0'))];
    const words = wordsOf(config, terms, 6, contributionOf('a', layers, 1), deviceRandomness);
    expect([...words.keys()].sort()).toEqual([...layers].sort());
    for (const [layer, vector] of words) expect(vector.length).toBe(whole.vectors[layer]);
    expect(Object.keys(whole.vectors).some((name) => name.startsWith(' '))).toBe(false);
    expect(vectorsOf(config, { ...terms, score: 'snr' }, [])).toEqual(['head']);
    // as the unsealed model has it
    const plain = exchangeOf({ id: 'run', config: configOf({ privacy: { kind: 'none' } }) }, 1, base, terms);
    expect(plain.vectors.head).toBe(whole.vectors.head! + 2);
  });

  it('are refused where there are more on the roster than the grid has room for', () => {
    const some = contributionOf('a', ['head'], 1);
    const most = largestCohort(6);
    expect(wordsOf(config, terms, most, some, deviceRandomness).size).toBe(1);
    expect(() => wordsOf(config, terms, 8 * most, some, deviceRandomness)).toThrow('for fewer than');
  });

  it('are refused where less noise is said than the configuration asks for, or another grid, or none', () => {
    const some = contributionOf('a', ['head'], 1);
    const { z, bits } = terms.noise!;
    expect(z).toBe(1.5);
    const words = (noise: typeof terms.noise) =>
      wordsOf(
        config,
        { ...terms, ...(noise === undefined ? { noise: undefined } : { noise }) },
        6,
        some,
        deviceRandomness,
      );
    expect(words({ z: z * (1 - 1e-7), bits }).size).toBe(1); // another engine's logarithms
    expect(words({ z, bits: bits - 1 }).size).toBe(1);
    expect(() => words({ z: 1.49, bits })).toThrow('1.49 times the longest update');
    expect(() => words({ z: Number.NaN, bits })).toThrow('NaN times');
    expect(() => words({ z, bits: bits - 2 })).toThrow('was expected');
    expect(() => words({ z, bits: 27 })).toThrow('was expected');
    expect(() => words(undefined)).toThrow('none was said');
    // what is said is bound into the keys of the exchange
    const other = exchangeOf({ id: 'run', config }, 1, base, { ...terms, noise: { z: 2, bits } });
    expect(other.terms).not.toBe(whole.terms);
  });

  it('have noise of deviation z S over the root of the fewest that a sum is of, less those who may give theirs away', () => {
    const zero = contributionOf('a', Object.keys(whole.vectors), 0);
    for (const values of zero.layers.values()) values.fill(0);
    for (const colluding of [0, 2]) {
      const of = configOf({ privacy: { ...privacy, colluding } });
      const grid = distributedGrid(of, { ...privacy, colluding });
      let [squares, count] = [0, 0];
      for (let draw = 0; draw < 20; draw++)
        for (const vector of wordsOf(of, termsAfter(of, 0, null), 6, zero, deviceRandomness).values()) {
          count += vector.length;
          for (const word of vector) squares += (word / grid.scale) ** 2;
        }
      const variance = 1.5 ** 2 / (3 - colluding);
      expect(count).toBeGreaterThan(3000);
      // within six deviations of chi-square, since it is of the system's random bits
      expect(Math.abs(squares / variance - count)).toBeLessThan(6 * Math.sqrt(2 * count));
    }
  });
});

describe('the sums', () => {
  const blocks = Object.keys(whole.vectors).filter((l) => l !== 'head');
  const layersOf = (i: number) => ['head', ...blocks.filter((_, k) => (i + k) % 3 !== 0)];
  const contributions = new Map(
    cohort.map((client, i) => [client, contributionOf(client, layersOf(i), 0.3 + i)]),
  );
  let speakers: ReadonlyMap<string, Vectors>;
  beforeAll(() => {
    speakers = new Map(
      [...contributions].map(([client, own]) => [client, wordsOf(config, terms, 6, own, deviceRandomness)]),
    );
  });

  it('of all 64 sets of lost are the clipped changes and noise of at least z S, or stay closed', async () => {
    const grid = distributedGrid(config, privacy);
    const played = await playToMasks(whole, speakers, { threshold: 3 });
    const seen = { open: 0, closed: 0, refused: 0 };
    let [squares, expected, count] = [0, 0, 0];
    for (let lost = 0; lost < 64; lost++) {
      const left = cohort.filter((_, i) => !((lost >> i) & 1));
      if (left.length < 3) {
        for (const client of left) expect(() => releasedBy(played, client, left)).toThrow('participants');
        seen.refused++;
        continue;
      }
      const released = left.map((client) => releasedBy(played, client, left));
      for (const [layer, sum] of await unmask(unmaskingOf(played, left, released))) {
        if (sum.kind === 'closed') {
          expect(sum.members).toBeLessThan(3);
          seen.closed++;
          continue;
        }
        seen.open++;
        expect(sum.members.length).toBeGreaterThanOrEqual(3);
        // to the last digit: every participant's rounded values and noise, as whole numbers
        expect(sum.words).toEqual(plainSum(speakers, layer, sum.members));
        const opened = readNoisedLayer(config, privacy, terms, layer, sum.members.length, sum.words);
        expect([opened.weight, opened.clamped]).toEqual([sum.members.length, 0]);
        const clipped = new Float64Array(sum.words.length);
        for (const client of sum.members) {
          const own = contributions.get(client)!;
          const length = Math.sqrt(
            [...own.layers.values()].reduce((all, v) => all + v.reduce((a, b) => a + b * b, 0), 0),
          );
          own.layers.get(layer)!.forEach((value, k) => {
            clipped[k]! += value * Math.min(1, 1 / length);
          });
        }
        opened.mean.forEach((value, k) => {
          squares += (value * sum.members.length - clipped[k]!) ** 2;
        });
        expected += ((1.5 ** 2 * sum.members.length) / 3) * clipped.length;
        count += clipped.length;
      }
    }
    expect(seen).toEqual({ open: expect.any(Number), closed: expect.any(Number), refused: 22 });
    expect(Math.min(seen.open, seen.closed)).toBeGreaterThan(20);
    expect(grid.bits).toBeGreaterThan(20);
    // what is left beside the changes is the noise of all who are in a sum; sets overlap, so that it is compared loosely
    expect(count).toBeGreaterThan(5000);
    expect(squares / expected).toBeGreaterThan(0.75);
    expect(squares / expected).toBeLessThan(1.25);
  });

  it('that so many participants cannot make are refused', () => {
    const words = new Int32Array(whole.vectors.head!);
    words[0] = 2 ** 31 - 1;
    expect(() => readNoisedLayer(config, privacy, terms, 'head', 3, words)).toThrow(
      'The sum of head is none that',
    );
    words[0] = -(2 ** 31);
    expect(() => readNoisedLayer(config, privacy, terms, 'head', 3, words)).toThrow(
      'The sum of head is none that',
    );
  });
});

describe('a configuration with noise by participants', () => {
  const paths = (more: Partial<RunConfigInput>) => configProblems(configOf(more)).map((p) => p.path);

  it('is refused where it could not be kept, with the reason', () => {
    expect(paths({})).toEqual([]);
    expect(paths({ aggregation: { ...sealedAggregation, sealing: { kind: 'open' } } })).toEqual([
      'privacy.kind',
    ]);
    expect(paths({ privacy: { ...privacy, colluding: 3 } })).toEqual(['privacy.colluding']);
    expect(paths({ privacy: { ...privacy, colluding: 2, epsilon: 50 } })).toEqual([]);
    expect(paths({ strategy: { name: 'gradient-norm' } })).toEqual(['strategy.name']);
    expect(paths({ privacy: { ...privacy, delta: 0.1 }, cohort: { goal: 10, minimum: 6 } })).toEqual([
      'privacy.delta',
    ]);
    expect(paths({ privacy: { ...privacy, noise: 0.3, epsilon: 0.5 } })).toEqual(['privacy.noise']);
    // a study is not to be drowned
    const study = {
      purpose: { kind: 'study' },
      strategy: { name: 'full' },
      privacy: { ...privacy, noise: null, epsilon: 0.5 },
    } as const;
    expect(paths(study)).toEqual(['privacy.epsilon']);
    // the server cannot clip in a sealed run
    const client = { kind: 'client', epsilon: 8, delta: 1e-2, clip: 1, quantile: null, noise: 1.5 } as const;
    expect(paths({ privacy: client })).toContain('privacy');
  });
});
