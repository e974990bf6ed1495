import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aggregateLayer } from './aggregate.ts';
import { initialState, type ServerOptimizer, serverStep } from './optimizers/index.ts';
import { participationRate, participations, shareBehind } from './participation.ts';

describe('the share behind a layer', () => {
  const updates = [
    { samples: 10, layers: ['a', 'head'] },
    { samples: 30, layers: ['head'] },
    { samples: 0, layers: ['b', 'head'] },
  ];

  it('is of the samples of all whose updates count', () => {
    expect(['head', 'a', 'b', 'c'].map((layer) => shareBehind(updates, layer))).toEqual([1, 0.25, 0, 0]);
    expect(shareBehind([], 'a')).toBe(0);
  });
});

describe('the rate of a layer', () => {
  it.each([
    ['none', [1, 1, 1, 1]],
    ['share', [1, 0.5, 0.25, 0.1]],
    ['harmonic', [1, 2 / 3, 0.4, 2 / 11]],
  ] as const)('%s: of all, of a half, a quarter and a tenth of the cohort', (participation, rates) => {
    for (const [i, share] of [1, 0.5, 0.25, 0.1].entries())
      expect(participationRate(participation, share)).toBeCloseTo(rates[i]!, 15);
  });

  const rho = fc.double({ min: 0.01, max: 1, noNaN: true });

  it('is 1 where all trained the layer, larger for larger shares, and harmonic between the two others', () => {
    fc.assert(
      fc.property(rho, rho, (a, b) => {
        for (const participation of participations) {
          expect(participationRate(participation, 1)).toBe(1);
          const [low, high] = [Math.min(a, b), Math.max(a, b)].map((s) =>
            participationRate(participation, s),
          );
          expect(low).toBeLessThanOrEqual(high!);
        }
        expect(participationRate('harmonic', a)).toBeGreaterThanOrEqual(a);
        expect(participationRate('harmonic', a)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('harmonic makes the bound of the error least, where mean gradient and differences are as large', () => {
    // The bound as it stands in the paper: weights of ten equal clients, of which some trained the layer.
    const bound = (trainers: number, r: number) => {
      const chi2 = Array.from({ length: 10 }, (_, i) => ((i < trainers ? r / trainers : 0) - 0.1) ** 2 / 0.1);
      return (r - 1) ** 2 + chi2.reduce((a, b) => a + b);
    };
    for (let trainers = 1; trainers <= 10; trainers++) {
      const rate = participationRate('harmonic', trainers / 10);
      for (const other of [0.01, 0.05, 0.2]) {
        expect(bound(trainers, rate)).toBeLessThan(bound(trainers, rate + other));
        expect(bound(trainers, rate)).toBeLessThan(bound(trainers, rate - other));
      }
    }
  });
});

describe('a step at the rate of a share', () => {
  const value = fc.double({ min: -9, max: 9, noNaN: true });
  const client = fc.record({ samples: fc.integer({ min: 1, max: 50 }), change: value, trains: fc.boolean() });

  /** The mean of these changes of a layer of one value. */
  const meanOf = async (clients: readonly { samples: number; change: number }[]): Promise<number> => {
    let mean = Number.NaN;
    const updates = clients.map(({ samples, change }, i) => ({
      client: `c${i}`,
      samples,
      read: () => Float32Array.of(change),
    }));
    await aggregateLayer({ name: 'mean' }, updates, 1, (_, values) => {
      mean = values[0]!;
    });
    return mean;
  };

  it('is federated averaging over the whole cohort, with zeros of those who did not train', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(client, { minLength: 1, maxLength: 8 }), async (cohort) => {
        const trainers = cohort.filter((c) => c.trains);
        fc.pre(trainers.length > 0);
        const layers = (trains: boolean) => (trains ? ['l'] : []);
        const share = shareBehind(
          cohort.map(({ samples, trains }) => ({ samples, layers: layers(trains) })),
          'l',
        );
        const weights = Float32Array.of(1);
        const optimizer = { name: 'fedavg', learningRate: 1 } as const;
        const rate = participationRate('share', share);
        const delta = Float64Array.of(await meanOf(trainers));
        serverStep(optimizer, weights, initialState(optimizer, 1), 0, delta, rate);
        const whole = await meanOf(cohort.map((c) => ({ ...c, change: c.trains ? c.change : 0 })));
        expect(weights[0]).toBeCloseTo(1 + whole, 4);
      }),
    );
  });

  it.each<ServerOptimizer>([
    { name: 'fedavgm', learningRate: 0.5, momentum: 0.9 },
    { name: 'fedadam', learningRate: 0.1, beta1: 0.9, beta2: 0.99, tau: 0.001 },
  ])('$name moves by as much less and remembers the change as it was', (optimizer) => {
    const [whole, part] = [1, 0.25].map((rate) => {
      const weights = Float32Array.of(0);
      const state = initialState(optimizer, 1);
      serverStep(optimizer, weights, state, 0, Float64Array.of(0.5), rate);
      return { weight: weights[0]!, state };
    });
    expect(part!.weight).toBeCloseTo(whole!.weight / 4, 6);
    expect(part!.state).toEqual(whole!.state);
  });
});
