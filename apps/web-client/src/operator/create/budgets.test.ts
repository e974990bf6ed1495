import { BudgetConfig } from '@strata/fl-core/protocol';
import { describe, expect, it } from 'vitest';
import {
  budgetKinds,
  budgetUnits,
  changeBudget,
  heldByWork,
  inLayers,
  largestLayer,
  unitsOf,
  worth,
} from './budgets.ts';

const fixed = { kind: 'fixed', unit: 'layers', amount: 2 } as const;
const kinds = Object.keys(budgetKinds) as (keyof typeof budgetKinds)[];
const units = Object.keys(budgetUnits) as (keyof typeof budgetUnits)[];
const size = { layers: 12, layerBytes: 250_000 };

describe('changeBudget', () => {
  const pairs = kinds.flatMap((kind) => unitsOf(kind).map((unit) => ({ kind, unit })));

  it.each(pairs)('makes a valid budget of kind $kind in $unit that holds a layer', ({ kind, unit }) => {
    const budget = changeBudget(fixed, { kind, unit }, size);
    expect(BudgetConfig.parse(budget)).toEqual(budget);
    expect(budget).toMatchObject({ kind, unit });
    const [most] = [budget].map((b) => ('max' in b ? b.max : b.kind === 'fixed' ? b.amount : b.fallback));
    expect(inLayers(most ?? 0, unit, size)).toBeGreaterThanOrEqual(1);
  });

  it('keeps the amount where the unit stays, and about as many layers where it does not', () => {
    const offered = changeBudget(fixed, { kind: 'participant', unit: 'layers' }, size);
    expect(offered).toEqual({ kind: 'participant', unit: 'layers', fallback: 2 });
    const sized = changeBudget(offered, { kind: 'participant', unit: 'bytes' }, size);
    expect(sized).toEqual({ kind: 'participant', unit: 'bytes', fallback: 500_000 });
    expect(changeBudget(sized, { kind: 'fixed', unit: 'layers' }, size)).toEqual(fixed);
  });

  it('has no adaptive budget in time, and none beyond the layers of the model', () => {
    const timed = { kind: 'fixed', unit: 'milliseconds', amount: 20_000 } as const;
    expect(changeBudget(timed, { kind: 'adaptive', unit: 'milliseconds' }, { ...size, layers: 3 })).toEqual({
      kind: 'adaptive',
      unit: 'layers',
      deadline: 60,
      first: 3,
      max: 3,
    });
    expect(changeBudget(fixed, { kind: 'drawn', unit: 'layers' }, { ...size, layers: 3 })).toMatchObject({
      min: 1,
      max: 3,
    });
  });
});

it.each(units)('converts %s there and back', (unit) => {
  for (const layers of [1, 2, 7, unit === 'compute' ? 12 : 48])
    expect(inLayers(worth(layers, unit, size), unit, size)).toBe(layers);
  expect(inLayers('' as unknown as number, unit, size)).toBe(0);
});

it('knows the size of a transformer block of DeiT-tiny: 12 d^2 + 13 d parameters, d = 192', () => {
  expect(largestLayer('deit-tiny', 10)).toBe(4 * (12 * 192 ** 2 + 13 * 192));
});

it('knows what work holds: more layers at the top than at the bottom', () => {
  const deit = {
    model: 'deit-tiny',
    task: { name: 'classification' },
    labels: ['a', 'b'],
    side: 64,
  } as const;
  const model = { ...deit, labels: [...deit.labels] };
  expect(heldByWork(model, 100)).toEqual({ top: 12, bottom: 12 });
  expect(heldByWork(model, 30)).toEqual({ top: 3, bottom: 0 });
  expect(heldByWork(model, 60)).toEqual({ top: 7, bottom: 2 });
  expect(
    heldByWork({ ...model, model: { source: 'hub:a/b', granularity: 'block', found: null } }, 30),
  ).toBeNull();
});
