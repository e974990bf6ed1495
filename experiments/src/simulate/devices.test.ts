import { selectableLayers } from '@strata/fl-core/models/layouts';
import { RunConfig } from '@strata/fl-core/protocol';
import { layoutFor } from '@strata/fl-core/rounds';
import { describe, expect, it } from 'vitest';
import { deviceOf } from './devices.ts';

const config = RunConfig.parse({
  name: 'Devices',
  model: 'vit-nano',
  side: 32,
  data: { kind: 'image' },
  labels: ['a', 'b'],
  strategy: { name: 'top' },
  local: { batchSize: 10, epochs: 2 },
});
const layers = selectableLayers(layoutFor(config));
const owner = { id: 'client-1', samples: 95, heldOut: 20 };
const device = (more: object = {}, id = owner.id) =>
  deviceOf({ msPerSample: 3, speedSigma: 0, dropOut: 0, ...more }, config, { ...owner, id }, 1);
type Work = Parameters<ReturnType<typeof device>['cost']>[0];
const work = (mask: readonly string[], epochs = 1) =>
  ({ kind: 'train', mask, method: { kind: 'steps', epochs }, round: 1 }) as Work;

describe('a virtual device', () => {
  it('needs the configured time for all layers, the way down for the lowest one, little for the highest', () => {
    const { steps, fullCost, cost } = device();
    expect(steps).toBe(20);
    // 10 batches of 10 samples of 3 ms, twice; but what lies below the first block is computed once.
    expect(fullCost).toBeGreaterThan(0.55);
    expect(fullCost).toBeLessThan(0.6);
    expect(cost(work(layers))).toBeCloseTo(0.3, 9);
    const [lowest, highest] = [cost(work([layers[0]!])), cost(work([layers.at(-1)!]))];
    // Two thirds for forward and backward through everything, and a share of the last third.
    expect(lowest).toBeGreaterThan(0.2);
    // A third for the forward pass, and little more: in this small model the patches take a share of it.
    expect(highest).toBeLessThan(0.18);
    // The head's second epoch has its input at hand.
    expect(cost(work([], 20))).toBeLessThan(1.1 * cost(work([])));
  });

  it('measures a step so that a mask takes what its layers and the way to them add up to', () => {
    const { times, cost } = device();
    const mask = [layers[1]!, layers[3]!];
    const sum = (of: Readonly<Record<string, number>>, names: readonly string[]) =>
      names.reduce((total, name) => total + of[name]!, 0);
    const step = times.base + sum(times.passing, layers.slice(1)) + sum(times.training, mask);
    expect((10 * step) / 1000).toBeCloseTo(cost(work(mask)), 9);
  });

  it('is faster or slower by its seed and id alone, and measures itself so', () => {
    const speeds = [1, 2, 3, 4].map((n) => device({ speedSigma: 1 }, `client-${n}`).speed);
    expect(new Set(speeds).size).toBe(4);
    expect(speeds).toEqual([1, 2, 3, 4].map((n) => device({ speedSigma: 1 }, `client-${n}`).speed));
    const fast = device({ speedSigma: 1 });
    expect(fast.times.base * fast.speed).toBeCloseTo(device().times.base, 9);
    expect(fast.cost(work(layers))).toBeCloseTo(device().cost(work(layers)), 9);
  });

  it('drops out as often as it is said to', () => {
    const rounds = Array.from({ length: 2000 }, (_, i) => i);
    const dropping = device({ dropOut: 0.2 });
    const share = rounds.filter((round) => dropping.drops(round)).length / 2000;
    // Three standard errors.
    expect(Math.abs(share - 0.2)).toBeLessThan(0.027);
    expect(rounds.some((round) => device().drops(round))).toBe(false);
  });
});
