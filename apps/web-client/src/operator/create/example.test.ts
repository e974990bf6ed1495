import type { RunConfig } from '@strata/fl-core/protocol';
import { strategies } from '@strata/fl-core/selection';
import { describe, expect, it } from 'vitest';
import { drawable, exampleBudgets, exampleCosts, exampleLayers, exampleMasks } from './example.ts';

const everyone = (budget: number) => Array<number>(5).fill(budget);
const masks = (rows: ReturnType<typeof exampleMasks>) =>
  rows.map((row) => row.cells.flatMap((cell, i) => (cell.chosen ? [i] : [])));
const size = { layers: 12, layerBytes: 1e6 };
const score = 'squared-norm';
const strata = (lambda: number) => ({ name: 'strata', lambda, lambdaScale: 'relative', score }) as const;
const different = (rows: number[][]) => new Set(rows.map(String)).size;

describe('the example on the form', () => {
  it('shows all layers chosen by full', () => {
    expect(masks(exampleMasks({ name: 'full' }, everyone(2))).map((m) => m.length)).toEqual(
      everyone(exampleLayers),
    );
  });

  it.each(strategies.map((s) => s.startConfig()))('shows $name within the budgets', (start) => {
    if (start.name === 'full') return;
    const lengths = masks(exampleMasks(start, [1, 2, 3, 4, 2])).map((m) => m.length);
    expect(lengths).toEqual(start.name === 'head-only' ? everyone(0) : [1, 2, 3, 4, 2]);
  });

  it('goes from everyone’s own best to one common set as lambda grows, which is what it is there to show', () => {
    const at = (lambda: number) => masks(exampleMasks(strata(lambda), everyone(2)));
    expect(at(0)).toEqual(masks(exampleMasks({ name: 'gradient-norm', score }, everyone(2))));
    expect(different(at(0))).toBeGreaterThan(2);
    expect(different(at(100))).toBe(1);
  });
});

it('shows that the same work trains more layers at the top', () => {
  const budget = { kind: 'fixed', unit: 'compute', amount: 60 } as const;
  const budgets = exampleBudgets(budget, 1, size);
  const at = (name: 'top' | 'bottom') =>
    masks(exampleMasks({ name }, budgets, 'share', exampleCosts('compute')))[0];
  expect(at('top')).toEqual([4, 5, 6, 7]);
  expect(at('bottom')).toEqual([0]);
});

describe('the example’s budgets', () => {
  it('are what everybody gets, as far as there are layers', () => {
    const amount = (amount: number) => ({ kind: 'fixed', unit: 'layers', amount }) as const;
    expect(exampleBudgets(amount(2), 1, size)).toEqual(everyone(2));
    expect(exampleBudgets(amount(30), 1, size)).toEqual(everyone(exampleLayers));
    expect(exampleBudgets({ kind: 'fixed', unit: 'bytes', amount: 3e6 }, 1, size)).toEqual(everyone(3));
  });

  it('are drawn where the run draws them', () => {
    const budget = { kind: 'drawn', unit: 'layers', distribution: 'uniform', min: 1, max: 4 } as const;
    const drawn = exampleBudgets(budget, 1, size);
    expect(new Set(drawn).size).toBeGreaterThan(1);
    for (const b of drawn) expect(b >= 1 && b <= 4).toBe(true);
  });
});

it('draws something while a field is empty or out of range', () => {
  const empty = '' as unknown as number;
  const typed: readonly RunConfig['strategy'][] = [
    strata(empty),
    strata(-1),
    { name: 'diversity', reward: empty },
    { name: 'lisa', period: empty },
    { name: 'round-robin', roundsPerLayer: 0 },
    { name: 'adagrad-select', epsilon: 7, decay: empty, prior: 0 },
  ];
  for (const strategy of typed) expect(exampleMasks(drawable(strategy), everyone(1))).toHaveLength(5);
  const drawn = { kind: 'drawn', unit: 'layers', distribution: 'uniform', min: 4, max: empty } as const;
  expect(exampleBudgets(drawn, 1, size)).toEqual(everyone(4));
});
