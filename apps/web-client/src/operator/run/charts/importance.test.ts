import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layers, roundSummary } from '../../testing/views.ts';
import { importanceMatrix, measures } from './importance.ts';

const rounds = [
  roundSummary(1, { importance: { 'block.0': 0.1 + 0.2, 'block.1': 0.9 }, trainedBy: { 'block.0': 1 } }),
  roundSummary(2, { importance: {}, trainedBy: { 'block.0': 4, 'block.1': 2 } }),
  roundSummary(3, { importance: { 'block.0': 3e-9, 'block.1': 0 } }),
];

describe('importanceMatrix', () => {
  it('keeps the values as the server sent them, to the last bit', () => {
    const { cells } = importanceMatrix(rounds, layers, 'share');
    expect(cells.map(({ round, layer, value }) => [round, layer, value])).toEqual([
      [1, 'block.0', 0.30000000000000004],
      [1, 'block.1', 0.9],
      [3, 'block.0', 3e-9],
      [3, 'block.1', 0],
    ]);
  });

  it('shows selectable layers only, and rounds that have scores only', () => {
    const matrix = importanceMatrix(rounds, layers, 'value');
    expect(matrix.layers).toEqual(['block.0', 'block.1']);
    expect(matrix.rounds).toEqual([1, 3]);
  });

  it('shades shares by their logarithm, over rounds whose scores shrink', () => {
    const alike = [roundSummary(1, { importance: { 'block.0': 0.1 + 0.2, 'block.1': 0.9 } })];
    const [first, second] = importanceMatrix(alike, layers, 'share').cells;
    // 25 % and 75 %, on a ramp of one power of ten
    expect([first?.shade, second?.shade]).toEqual([
      expect.closeTo(0.1 + 0.9 * (1 + Math.log10(1 / 3)), 12),
      1,
    ]);
    expect(importanceMatrix(alike, layers, 'share').ends).toEqual([
      '7.5 % of its round, or less',
      '75.0 %, logarithmic',
    ]);
    const shrunk = [roundSummary(1, { importance: { 'block.0': 3e-9, 'block.1': 9e-9 } })];
    const shades = importanceMatrix(shrunk, layers, 'share').cells.map((c) => c.shade);
    expect(shades[0]).toBeCloseTo(first?.shade ?? Number.NaN, 12);
  });

  it('tells layers apart where one has nearly everything', () => {
    const blocks = Array.from({ length: 5 }, (_, i) => ({
      name: `block.${i}`,
      role: 'block' as const,
      parameters: 1,
      bytes: 4,
    }));
    const importance = { 'block.0': 0.97, 'block.1': 0.02, 'block.2': 0.006, 'block.3': 0.003, 'block.4': 0 };
    const shades = importanceMatrix([roundSummary(1, { importance })], blocks, 'share').cells.map(
      (c) => c.shade,
    );
    for (const [i, shade] of shades.slice(1).entries())
      expect((shades[i] ?? 0) - shade).toBeGreaterThan(0.05);
    expect(shades.at(-1)).toBe(0);
  });

  it('does not make much of little: like layers look alike', () => {
    const importance = { 'block.0': 0.49, 'block.1': 0.51 };
    const shades = importanceMatrix([roundSummary(1, { importance })], layers, 'share').cells.map(
      (c) => c.shade,
    );
    expect((shades[1] ?? 0) - (shades[0] ?? 0)).toBeLessThan(0.02);
  });

  it('shades scores by their logarithm, and says what they are', () => {
    const { cells } = importanceMatrix(rounds, layers, 'value');
    expect(cells[1]?.shade).toBe(1);
    expect(cells[2]).toMatchObject({ shade: 0.1, text: 'mean score 3.00e-9' });
    expect(cells[3]?.shade).toBe(0);
  });

  it('counts who trained a layer against the cohort', () => {
    const { rounds: shown, cells } = importanceMatrix(rounds, layers, 'trained');
    expect(shown).toEqual([1, 2]);
    expect(cells.map((c) => c.shade)).toEqual([0.25, 1, 0.5]);
  });

  it('shows the effective number of participants against the cohort, 0 where nobody trained', () => {
    const weighed = [roundSummary(1, { effectiveClients: { 'block.0': 0, 'block.1': 3.2 } })];
    const { cells } = importanceMatrix(weighed, layers, 'effective');
    expect(cells.map((c) => [c.value, c.shade])).toEqual([
      [0, 0],
      [3.2, 0.8],
    ]);
  });

  it('keeps every shade in [0, 1]', () => {
    const score = fc.double({ min: 0, max: 1e300, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.record({ 'block.0': score, 'block.1': score }), { maxLength: 6 }), (scores) => {
        const many = scores.map((importance, i) => roundSummary(i + 1, { importance }));
        for (const measure of measures) {
          for (const cell of importanceMatrix(many, layers, measure).cells) {
            expect(cell.shade).toBeGreaterThanOrEqual(0);
            expect(cell.shade).toBeLessThanOrEqual(1 + 1e-12);
          }
        }
      }),
    );
  });
});
