import { describe, expect, it } from 'vitest';
import { layers, member } from '../testing/views.ts';
import { budgetCell, maskRows } from './masks.ts';

describe('maskRows', () => {
  const members = [
    member('c-2', { mask: ['block.1', 'head'], scores: { 'block.0': 1, 'block.1': 4 } }),
    member('c-1', { mask: null, state: 'working' }),
  ];
  const rows = maskRows(members, layers, [{ id: 'c-2', name: 'Ada' }]);

  it('is in client-id order and prefers names to ids', () => {
    expect(rows.map((r) => r.name)).toEqual(['c-1', 'Ada']);
  });

  it('relates scores to the participant’s own best', () => {
    expect(rows[1]?.cells).toEqual([
      { layer: 'block.0', chosen: false, score: 1, preference: 0.25 },
      { layer: 'block.1', chosen: true, score: 4, preference: 1 },
    ]);
  });

  it('has empty cells before there are scores or masks', () => {
    expect(rows[0]?.cells.every((c) => !c.chosen && c.score === null && c.preference === 0)).toBe(true);
  });
});

describe('samples beside the masks', () => {
  const most = 1_000_000_000;
  const textsOf = (changes: Parameters<typeof member>[1]) =>
    maskRows([member('c-1', changes)], layers, [])[0]?.weights;

  it('are those that count; where more is claimed, both and why', () => {
    expect(textsOf({})).toEqual([]);
    expect(textsOf({ weight: { claimed: 30, counted: 30, bound: null } })).toEqual([
      { text: '30', explanation: '30 samples count.', bounded: false },
    ]);
    const texts = textsOf({
      weight: { claimed: most, counted: 10, bound: 'declared' },
      evaluationWeight: { claimed: most, counted: 8, bound: 'median' },
    });
    expect(texts?.map((t) => [t.text, t.bounded])).toEqual([
      ['10 of 1,000,000,000', true],
      ['8 of 1,000,000,000', true],
    ]);
    expect(texts?.[0]?.explanation).toContain('as many as it declared when the round opened');
    expect(texts?.[1]?.explanation).toContain('the median of the cohort');
  });
});

it('samples of who sent a part of its steps say which', () => {
  const weights = (done: number) =>
    maskRows(
      [
        member('c-1', {
          weight: { claimed: 30, counted: 30, bound: null },
          steps: { done, asked: 10 },
        }),
      ],
      layers,
      [],
    )[0]?.weights.map((w) => w.text);
  expect(weights(10)).toEqual(['30']);
  expect(weights(3)).toEqual(['30', '3 of 10 steps']);
});

describe('budgets beside the masks', () => {
  const rowOf = (changes: Parameters<typeof member>[1]) => maskRows([member('c-1', changes)], layers, [])[0];

  it('say what the mask takes of them, as the server has it', () => {
    expect(rowOf({ mask: ['block.1', 'head'], budget: 30, cost: 12.5 })).toMatchObject({
      budget: 30,
      spent: 12.5,
    });
  });

  it('leave out what is not known, and what is not chosen yet', () => {
    expect(rowOf({ mask: null })?.spent).toBeNull();
  });

  it('are short', () => {
    expect(budgetCell({ budget: 3, spent: 2 }, 'layers')).toBe('2 of 3');
    expect(budgetCell({ budget: 1000, spent: 400 }, 'bytes')).toBe('400 B of 1.00 kB');
    expect(budgetCell({ budget: 5000, spent: null }, 'milliseconds')).toBe('5.0 s');
    expect(budgetCell({ budget: 30, spent: 12.53 }, 'compute')).toBe('12.5 % of 30 %');
  });
});
