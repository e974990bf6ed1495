import { describe, expect, it } from 'vitest';
import { carryMasks, selectionDue } from './schedule.ts';
import type { SelectionInput } from './strategy.ts';

describe('selectionDue', () => {
  it('is due in the first round and every so many after it', () => {
    expect([1, 2, 3, 4, 5, 6, 7].filter((round) => selectionDue(round, 3))).toEqual([1, 4, 7]);
    expect([1, 2, 3].every((round) => selectionDue(round, 1))).toBe(true);
  });
});

describe('carryMasks', () => {
  const client = (id: string, budget: number) => ({ id, samples: 1, budget, scores: null });
  const input: SelectionInput = {
    layers: ['a', 'b', 'c'],
    costs: [1, 1, 2],
    clients: [client('old', 2), client('shrunk', 1), client('new', 3), client('toString', 0)],
    round: 2,
    seed: 1,
  };
  const previous = { old: ['a', 'b'], shrunk: ['b', 'a'], gone: ['b', 'c'] };

  it('keeps masks, cuts them to the budget by what most hold, and lends newcomers the common layers', () => {
    expect(carryMasks(previous, input)).toEqual({
      old: ['a', 'b'],
      shrunk: ['b'],
      new: ['a', 'b'],
      toString: [],
    });
  });

  it('gives nobody a layer that nobody had', () => {
    expect(carryMasks({}, input)).toEqual({ old: [], shrunk: [], new: [], toString: [] });
  });
});
