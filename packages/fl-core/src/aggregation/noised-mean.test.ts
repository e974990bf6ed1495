import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Length, type RandomWords } from '../privacy/index.ts';
import { random } from '../random.ts';
import { gridSum, type MeasuredUpdate, noisedMean } from './noised-mean.ts';

const seeded = (seed: number): RandomWords => {
  const { uniform } = random(seed, 'words');
  return { next: () => uniform() * 2 ** 32 };
};

/** A client's layers, as many values each as told, somewhere between tiny and huge. */
interface Client {
  readonly id: string;
  /** By layer; null for those outside of its mask. */
  readonly layers: readonly (Float32Array | null)[];
}

const lengthOf = ({ layers }: Client): number => {
  const length = new Length();
  for (const values of layers) if (values) length.add(values);
  return length.value;
};

const updateOf = (client: Client, layer: number): MeasuredUpdate[] => {
  const values = client.layers[layer];
  if (!values) return [];
  return [
    {
      client: client.id,
      samples: 1 + layer,
      length: lengthOf(client),
      read: (offset, length) => values.subarray(offset, offset + length),
    },
  ];
};

const sizes = [7, 1, 40];

function cohortOf(seed: number): Client[] {
  const rng = random(seed, 'cohort');
  return Array.from({ length: 1 + rng.below(6) }, (_, c) => {
    const scale = 10 ** (rng.below(9) - 5);
    return {
      id: `c${c}`,
      layers: sizes.map((size) =>
        rng.uniform() < 0.3 ? null : Float32Array.from({ length: size }, () => scale * rng.normal()),
      ),
    };
  });
}

async function sums(cohort: readonly Client[], clip: number, step: number): Promise<Float64Array[]> {
  const all: Float64Array[] = [];
  for (const layer of sizes.keys()) {
    const updates = cohort.flatMap((c) => updateOf(c, layer));
    const sum = new Float64Array(sizes[layer]!);
    await gridSum(updates, sum.length, { clip, step }, (offset, values) => sum.set(values, offset));
    all.push(sum);
  }
  return all;
}

describe('gridSum', () => {
  it('changes by no more than the clip when one client sends zeros: 1,000 cohorts and masks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.constantFrom(1e-3, 1, 250),
        fc.constantFrom(2 ** -32, 0.01, 0.3),
        async (seed, clip, grid) => {
          const step = clip * grid;
          const cohort = cohortOf(seed);
          const one = random(seed, 'one').below(cohort.length);
          const zeroed = cohort.map((c, i) =>
            i === one ? { ...c, layers: c.layers.map((v) => v && new Float32Array(v.length)) } : c,
          );
          const [whole, without] = [await sums(cohort, clip, step), await sums(zeroed, clip, step)];
          const change = new Length();
          for (const [l, values] of whole.entries()) change.add(values.map((v, k) => v - without[l]![k]!));
          expect(change.value * step).toBeLessThanOrEqual(clip * (1 + 1e-6));
          expect(whole.every((values) => values.every(Number.isSafeInteger))).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('keeps an update of zeros, and one that is within the clip but for the grid', async () => {
    const short: Client = { id: 'c', layers: [Float32Array.of(0.25, -0.5), null, null] };
    const zeros: Client = { id: 'd', layers: [new Float32Array(2), null, null] };
    const at: number[] = [];
    await gridSum(
      [short, zeros].flatMap((c) => updateOf(c, 0)),
      2,
      { clip: 1, step: 2 ** -10 },
      (_, v) => {
        at.push(...v);
      },
    );
    expect(at).toEqual([256, -512]);
  });
});

describe('noisedMean', () => {
  const values = Float32Array.from({ length: 50_000 }, (_, k) => (k % 2 ? 1e-3 : -1e-3));
  const clients: Client[] = ['b', 'a', 'c', 'd'].map((id) => ({ id, layers: [values] }));
  const updates = clients.flatMap((c) => updateOf(c, 0));

  async function meanOf(noise: number, clip: number, seed = 1): Promise<Float64Array> {
    const mean = new Float64Array(values.length);
    const options = { clip, noise, words: seeded(seed) };
    const counted = await noisedMean(updates, values.length, (o, v) => mean.set(v, o), options);
    expect(counted).toEqual(['a', 'b', 'c', 'd']);
    return mean;
  }

  it('is the plain mean plus noise of deviation z S / n, samples or not', async () => {
    const [clip, noise] = [1, 2];
    const mean = await meanOf(noise, clip);
    const off = mean.map((v, k) => v - values[k]!);
    const deviation = Math.sqrt(off.reduce((sum, v) => sum + v * v, 0) / off.length);
    const expected = (noise * clip) / updates.length;
    expect(deviation / expected).toBeGreaterThan(0.98);
    expect(deviation / expected).toBeLessThan(1.02);
    expect(Math.abs(off.reduce((a, b) => a + b, 0) / off.length)).toBeLessThan(
      (4 * expected) / Math.sqrt(off.length),
    );
  });

  it('scales what is longer than the clip down to it', async () => {
    const clip = 1e-3; // the update's length is sqrt(50000) * 1e-3
    const mean = await meanOf(1e-6, clip);
    const length = new Length();
    length.add(mean);
    expect(length.value / clip).toBeCloseTo(1, 3);
  });

  it('draws other noise each time', async () => {
    expect(await meanOf(1, 1, 1)).not.toEqual(await meanOf(1, 1, 2));
  });
});
