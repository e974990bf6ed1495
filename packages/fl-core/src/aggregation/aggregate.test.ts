import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StrataError } from '../error.ts';
import { random } from '../random.ts';
import { aggregateLayer } from './aggregate.ts';
import { addPlainDistances, createWasmDistances } from './distance.ts';
import { rankMean } from './plain.ts';
import { createNetworkMean } from './rank-mean.ts';
import { AggregationRule, ruleNamed } from './rules/index.ts';
import type { LayerUpdate } from './update.ts';
import { sortingNetwork } from './wasm/kernels.ts';

const update = (client: string, samples: number, values: ArrayLike<number>): LayerUpdate => {
  const data = Float32Array.from(values);
  return { client, samples, read: (offset, length) => data.subarray(offset, offset + length) };
};

async function aggregated(
  rule: AggregationRule,
  updates: readonly LayerUpdate[],
  elements: number,
): Promise<{ values: Float64Array; clients: string[] }> {
  const values = new Float64Array(elements).fill(Number.NaN);
  const clients = await aggregateLayer(rule, updates, elements, (offset, piece) => {
    values.set(piece, offset);
  });
  return { values, clients };
}

const three = [update('b', 30, [1, 10, -4]), update('a', 10, [5, 2, 0]), update('c', 60, [2, 6, 8])];

describe('aggregateLayer', () => {
  it('R6: mean weighs by samples', async () => {
    const { values, clients } = await aggregated({ name: 'mean' }, three, 3);
    expect(clients).toEqual(['a', 'b', 'c']);
    [0.5 + 0.3 + 1.2, 0.2 + 3 + 3.6, 0 - 1.2 + 4.8].forEach((expected, k) => {
      expect(values[k]).toBeCloseTo(expected, 12);
    });
  });

  it('R6: a layer that nobody trained gets nothing, so that it keeps its bytes', async () => {
    const idle = [update('a', 0, [1, 1, 1])];
    for (const updates of [[], idle]) {
      const emitted: number[] = [];
      const clients = await aggregateLayer({ name: 'median', byzantine: 1 }, updates, 3, (offset) => {
        emitted.push(offset);
      });
      expect(clients).toEqual([]);
      expect(emitted).toEqual([]);
    }
  });

  it('median takes the middle, or the mean of the two in the middle', async () => {
    expect([...(await aggregated({ name: 'median', byzantine: 1 }, three, 3)).values]).toEqual([2, 6, 0]);
    const four = [...three, update('d', 1, [3, 3, 3])];
    expect([...(await aggregated({ name: 'median', byzantine: 1 }, four, 3)).values]).toEqual([
      2.5, 4.5, 1.5,
    ]);
  });

  it('trimmed mean cuts both ends', async () => {
    const five = [0, 1, 2, 3, 1000].map((v, i) => update(`c${i}`, 1, [v]));
    expect((await aggregated({ name: 'trimmed-mean', share: 0.2, byzantine: 0 }, five, 1)).values[0]).toBe(2);
    expect((await aggregated({ name: 'trimmed-mean', share: 0, byzantine: 0 }, five, 1)).values[0]).toBe(
      1006 / 5,
    );
  });

  it('norm clipping shortens what is too long and nothing else', async () => {
    const updates = [update('a', 1, [3, 4]), update('b', 1, [30, 40])];
    const { values } = await aggregated({ name: 'norm-clipping', norm: 10 }, updates, 2);
    expect(values[0]).toBeCloseTo((3 + 6) / 2, 12);
    expect(values[1]).toBeCloseTo((4 + 8) / 2, 12);
  });

  it('the clipped mean bounds one of five, however long its change and whatever the scale', async () => {
    for (const scale of [1e-6, 1, 1e30]) {
      const updates = [1, 1.5, 0.5, 1, 1e6].map((v, i) => update(`c${i}`, 1, [v * scale]));
      const { values } = await aggregated({ name: 'clipped-mean', factor: 2 }, updates, 1);
      expect(values[0]! / scale).toBeCloseTo((1 + 1.5 + 0.5 + 1 + 2) / 5, 5);
    }
    const still = ['a', 'b', 'c'].map((id) => update(id, 1, [0]));
    expect((await aggregated({ name: 'clipped-mean', factor: 2 }, still, 1)).values[0]).toBe(0);
  });

  it.each([
    [{ name: 'median', byzantine: 1 }, 'The median against 1'],
    [{ name: 'trimmed-mean', share: 0.2, byzantine: 1 }, 'The trimmed mean against 1'],
  ] as const)(
    '$0.name of fewer than 2f + 1 updates is refused: one or two would be the result',
    async (rule, who) => {
      for (const n of [1, 2]) {
        const few = [777, 0].slice(0, n).map((v, i) => update(`c${i}`, 1, [v]));
        await expect(aggregated(rule, few, 1)).rejects.toMatchObject({
          code: 'too-few-clients',
          message: `${who} Byzantine participants needs 2 * 1 + 1 = 3 updates of the layer; there are ${n}.`,
        });
      }
      expect(ruleNamed(rule.name).demand(rule, 2)).toMatchObject({ updates: 3, sum: '2 * 1 + 1' });
    },
  );

  it('rank rules keep to what honest clients sent, whatever f of 2f + 1 or more send', async () => {
    const finite = fc.float({ noNaN: true, noDefaultInfinity: true });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom('median', 'trimmed-mean'),
        fc.float({ min: 0, max: Math.fround(0.49), noNaN: true }),
        fc.infiniteStream(finite),
        fc.nat(5),
        async (byzantine, name, share, draws, more) => {
          const take = (n: number) => Array.from({ length: n }, () => draws.next().value as number);
          const honest = take(byzantine + 1 + more);
          const values = [...honest, ...take(byzantine)];
          const rule = AggregationRule.parse({ name, byzantine, share });
          const updates = values.map((v, i) => update(`c${i}`, 1, [v]));
          const [result = Number.NaN] = (await aggregated(rule, updates, 1)).values;
          const slack = 1e-9 * Math.max(...honest.map(Math.abs));
          expect(result).toBeGreaterThanOrEqual(Math.min(...honest) - slack);
          expect(result).toBeLessThanOrEqual(Math.max(...honest) + slack);
        },
      ),
    );
  });

  it('a trimmed mean cuts at least as many at each end as may be hostile', async () => {
    const four = [777, 1, 2, 3].map((v, i) => update(`c${i}`, 1, [v]));
    const rule = { name: 'trimmed-mean', share: 0.2, byzantine: 1 } as const;
    expect((await aggregated(rule, four, 1)).values[0]).toBe(2.5); // floor(0.2 * 4) = 0 would be 195.75
  });

  it('krum takes one from the crowd, multi-krum averages it, an attacker counts for nothing', async () => {
    const crowd = [0.9, 1.1, 1, 1.05].map((v, i) => update(`h${i}`, 1, [v, -v]));
    const updates = [...crowd, update('attacker', 1e9, [500, 500])];
    const one = await aggregated({ name: 'krum', byzantine: 1 }, updates, 2);
    // nearest n - f - 2 = 2 others: of 1: 0.05 and 0.1; of 1.05: 0.05 and 0.05
    expect(one.clients).toEqual(['h3']);
    expect(one.values[0]).toBeCloseTo(1.05, 6);
    const many = await aggregated({ name: 'multi-krum', byzantine: 1, keep: 9 }, updates, 2);
    expect(many.clients).toEqual(['h0', 'h1', 'h2', 'h3']);
    expect(many.values[0]).toBeCloseTo((0.9 + 1.1 + 1 + 1.05) / 4, 6);
  });

  it('krum is refused with the reason where n < 2f + 3', async () => {
    const refused = aggregated({ name: 'krum', byzantine: 1 }, three, 3);
    await expect(refused).rejects.toThrow(StrataError);
    await expect(refused).rejects.toMatchObject({
      code: 'too-few-clients',
      message: expect.stringContaining('2 * 1 + 3 = 5 updates of the layer; there are 3'),
    });
  });

  it.each<AggregationRule>([
    { name: 'trimmed-mean', share: 0.5, byzantine: 1 },
    { name: 'clipped-mean', factor: 0.5 },
    { name: 'norm-clipping', norm: 0 },
    { name: 'krum', byzantine: -1 },
    { name: 'multi-krum', byzantine: 1, keep: 0 },
  ])('%o is out of range', async (rule) => {
    await expect(aggregated(rule, three, 3)).rejects.toMatchObject({ code: 'bad-config' });
  });

  it('refuses an update that ends too early', async () => {
    const short = [update('a', 1, [1, 2]), update('b', 1, [1])];
    await expect(aggregated({ name: 'mean' }, short, 2)).rejects.toMatchObject({ code: 'bad-update' });
  });

  const rules: readonly AggregationRule[] = [
    { name: 'mean' },
    { name: 'median', byzantine: 1 },
    { name: 'trimmed-mean', share: 0.25, byzantine: 1 },
    { name: 'clipped-mean', factor: 1 },
    { name: 'norm-clipping', norm: 1 },
    { name: 'krum', byzantine: 1 },
    { name: 'multi-krum', byzantine: 1, keep: 3 },
  ];

  it.each(rules)('R7: $name gives the same bytes whatever the order of arrival', async (rule) => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 5, maxLength: 9 }),
        fc.nat(),
        async (clients, seed) => {
          const updates = clients.map((client) => {
            const draws = random(seed, client);
            return update(
              client,
              1 + draws.below(9),
              Array.from({ length: 21 }, () => draws.normal()),
            );
          });
          const there = await aggregated(rule, updates, 21);
          const back = await aggregated(rule, random(seed).shuffle(updates), 21);
          expect(new BigUint64Array(back.values.buffer)).toEqual(new BigUint64Array(there.values.buffer));
          expect(back.clients).toEqual(there.clients);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('reads and emits large layers in pieces that cover them once', async () => {
    const elements = 600_000;
    const longest: number[] = [];
    const ramp: LayerUpdate = {
      client: 'a',
      samples: 1,
      read: (offset, length) => {
        longest.push(length);
        return Float32Array.from({ length }, (_, k) => offset + k);
      },
    };
    const { values } = await aggregated({ name: 'mean' }, [ramp], elements);
    expect(values.every((v, k) => v === k)).toBe(true);
    expect(Math.max(...longest)).toBeLessThanOrEqual(262_144);
    const { values: middle } = await aggregated({ name: 'median', byzantine: 0 }, [ramp], elements);
    expect(middle.every((v, k) => v === k)).toBe(true);
  });
});

describe('the kernels equal plain JavaScript to the last bit', () => {
  it.each([1, 2, 3, 4, 5, 8, 13, 20, 33, 100, 128])('rank means of %i rows', (count) => {
    const draws = random('ranks', count);
    const length = 1500;
    const rows = Array.from({ length: count }, () =>
      // with ties and zeros of both signs
      Float32Array.from({ length }, () => (draws.below(3) === 0 ? -0 : Math.round(4 * draws.normal()) / 3)),
    );
    const cut = Math.floor(count / 4);
    for (const [from, to] of [
      [Math.floor((count - 1) / 2), Math.floor(count / 2)],
      [cut, count - 1 - cut],
    ] as const) {
      const network = createNetworkMean(count, from, to);
      if (!network) throw new Error('This machine has no WebAssembly SIMD.');
      const fast = new Float64Array(length);
      const slow = new Float64Array(length);
      network(rows, fast);
      rankMean(rows, from, to, slow);
      expect(new BigUint64Array(fast.buffer)).toEqual(new BigUint64Array(slow.buffer));
    }
  });

  it('squared distances', () => {
    const count = 5;
    const fast = createWasmDistances(count);
    if (!fast) throw new Error('This machine has no WebAssembly SIMD.');
    const draws = random('distance');
    for (const length of [0, 1, 7, 8, 100, 1024, 5000]) {
      const rows = Array.from({ length: count }, () => Float32Array.from({ length }, () => draws.normal()));
      const wasm = new Float64Array(count * count);
      const plain = new Float64Array(count * count);
      fast(rows, wasm);
      addPlainDistances(rows, plain);
      expect(wasm).toEqual(plain);
      const direct = rows[1]!.reduce((sum, v, k) => sum + (v - rows[3]![k]!) ** 2, 0);
      expect(wasm[1 * count + 3]).toBeCloseTo(direct, 6);
    }
  });
});

describe('sortingNetwork', () => {
  it('sorts every sequence of zeros and ones (the zero-one principle)', () => {
    for (let inputs = 1; inputs <= 10; inputs++) {
      const network = sortingNetwork(inputs, [...Array(inputs).keys()]);
      for (let bits = 0; bits < 2 ** inputs; bits++) {
        const values = Array.from({ length: inputs }, (_, i) => (bits >> i) & 1);
        const sorted = values.toSorted();
        for (const [low, high] of network) {
          const [a, b] = [values[low]!, values[high]!];
          values[low] = Math.min(a, b);
          values[high] = Math.max(a, b);
        }
        expect(values).toEqual(sorted);
      }
    }
  });

  it('leaves out what the wanted ranks do not need', () => {
    expect(sortingNetwork(20, [9, 10]).length).toBeLessThan(sortingNetwork(20, [...Array(20).keys()]).length);
  });
});
