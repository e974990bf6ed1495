import { describe, expect, it } from 'vitest';
import { layers, member } from '../testing/views.ts';
import { agreement, maskRows } from './masks.ts';

describe('maskRows', () => {
  const members = [
    member('c-2', { mask: ['block.1', 'head'], scores: { 'block.0': 1, 'block.1': 4 } }),
    member('c-1', { mask: null, state: 'working' }),
  ];
  const rows = maskRows(members, layers, [{ id: 'c-2', name: 'Ada' }]);

  it('is in client-id order and prefers names to ids', () => {
    expect(rows.map((r) => r.name)).toEqual(['c-1', 'Ada']);
  });

  it('relates scores to the client’s own best', () => {
    expect(rows[1]?.cells).toEqual([
      { layer: 'block.0', chosen: false, score: 1, preference: 0.25 },
      { layer: 'block.1', chosen: true, score: 4, preference: 1 },
    ]);
  });

  it('has empty cells before there are scores or masks', () => {
    expect(rows[0]?.cells.every((c) => !c.chosen && c.score === null && c.preference === 0)).toBe(true);
  });
});

describe('agreement', () => {
  it('is the mean overlap of pairs', () => {
    expect(agreement([{ mask: ['a', 'b'] }, { mask: ['b', 'c'] }, { mask: ['a', 'b'] }])).toBeCloseTo(
      (1 / 3 + 1 + 1 / 3) / 3,
      12,
    );
  });

  it('is 1 for equal masks, empty ones included, and unknown with fewer than two', () => {
    expect(agreement([{ mask: ['a'] }, { mask: ['a'] }])).toBe(1);
    expect(agreement([{ mask: [] }, { mask: [] }])).toBe(1);
    expect(agreement([{ mask: ['a'] }, { mask: null }])).toBeNull();
  });
});
