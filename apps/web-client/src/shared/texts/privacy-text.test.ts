import { expect, it } from 'vitest';
import { epsilonText, guessText, outOf, sampleGuessText } from './privacy-text.ts';

it('says what an epsilon means as how often a guess is right, and rounds it up', () => {
  expect(guessText({ epsilon: 1, delta: 1e-5 })).toContain('at most 74 of 100 cases');
  expect(guessText({ epsilon: 8, delta: 1e-3 })).toContain('at most 9997 of 10000 cases');
  expect(sampleGuessText({ epsilon: 1, delta: 1e-5 })).toContain('at most 74 of 100 cases');
  expect(outOf(0.5)).toBe('50 of 100');
  expect(outOf(1 - 1e-9)).toBe('nearly all');
});

it('writes epsilon without zeros at its end', () => {
  expect([8, 3.214, 0.5].map(epsilonText)).toEqual(['8', '3.21', '0.5']);
});
