import { expect, it } from 'vitest';
import { roundSummary } from '../testing/views.ts';
import { saving, savingText, traffic } from './traffic.ts';

it('adds both directions up over the rounds', () => {
  const rounds = [roundSummary(1), roundSummary(2, { bytesDown: 0, bytesUp: 100, bytesIfFull: 4000 })];
  expect(traffic(rounds)).toEqual([
    { round: 1, moved: 1500, full: 6000 },
    { round: 2, moved: 1600, full: 10_000 },
  ]);
  expect(saving(rounds)).toBeCloseTo(0.84, 12);
});

it('has no saving before a byte could have been saved, and a negative one when more was sent', () => {
  expect(saving([])).toBeNull();
  expect(saving([roundSummary(1, { bytesIfFull: 0 })])).toBeNull();
  expect(saving([roundSummary(1, { bytesUp: 0 })])).toBeNull();
  expect(saving([roundSummary(1, { bytesIfFull: 750 })])).toBe(-1);
});

it('says what was saved, and takes the headers of files for nothing', () => {
  expect(savingText(0.584, 'long')).toBe('58.4 % less than training all layers');
  expect(savingText(0.584, 'short')).toBe('58.4 % saved');
  expect(savingText(-0.23, 'long')).toBe('23.0 % more than training all layers');
  expect(savingText(-0.001, 'long')).toBe('as much as training all layers');
  expect(savingText(0.001, 'short')).toBe('nothing saved');
});
