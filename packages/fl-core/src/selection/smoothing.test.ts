import { describe, expect, it } from 'vitest';
import { type ScoreBook, smoothScores } from './smoothing.ts';

describe('smoothScores', () => {
  const first = smoothScores({}, { a: [4, 8] }, 1, { rate: 0.25 });

  it('starts with the first scores and then moves by the rate', () => {
    expect(first).toEqual({ a: { scores: [4, 8], round: 1 } });
    expect(smoothScores(first, { a: [8, 0] }, 2, { rate: 0.25 })).toEqual({
      a: { scores: [5, 6], round: 2 },
    });
  });

  it('keeps clients that were not sampled, and changes nothing it was given', () => {
    const second = smoothScores(first, { b: [1, 1] }, 2, { rate: 0.25 });
    expect(second.a).toEqual({ scores: [4, 8], round: 1 });
    expect(Object.keys(first)).toEqual(['a']);
  });

  it('starts again when the number of layers changed', () => {
    expect(smoothScores(first, { a: [1, 2, 3] }, 2, { rate: 0.5 }).a?.scores).toEqual([1, 2, 3]);
  });

  it('forgets those probed longest ago beyond its limit', () => {
    let book: ScoreBook = {};
    for (let round = 1; round <= 5; round++) {
      book = smoothScores(book, { [`c${round}`]: [round] }, round, { rate: 1, limit: 2 });
    }
    expect(Object.keys(book).sort()).toEqual(['c4', 'c5']);
  });
});
