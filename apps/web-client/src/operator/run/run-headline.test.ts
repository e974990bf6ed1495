import { expect, it } from 'vitest';
import { roundSummary, runView } from '../testing/views.ts';
import { runHeadline } from './run-headline.ts';

const cohort = { goal: 3, minimum: 2, quorum: 0.5 };

it('says how many participants are missing', () => {
  expect(runHeadline(runView({}, { cohort, purpose: { kind: 'test' } })).detail).toBe(
    'Waiting for 2 more participants; 2 are needed.',
  );
});

it('names the round and its phase', () => {
  const run = runView({ rounds: [roundSummary(7, { phase: 'training', cohort: 3 })] });
  expect(runHeadline(run)).toEqual({
    headline: 'Round 7: training',
    detail: '3 participants in the cohort, 0 participants here.',
  });
});

it('gives the reason of an abandoned round (R2)', () => {
  const run = runView({
    rounds: [roundSummary(2, { phase: 'abandoned', reason: 'One of three answered.' })],
  });
  expect(runHeadline(run).headline).toBe('Round 2 was abandoned');
  expect(runHeadline(run).detail).toContain('One of three answered.');
});

it.each(['draft', 'paused', 'finished', 'stopped', 'failed'] as const)('has words for %s', (state) => {
  expect(runHeadline(runView({ state })).headline).not.toBe('');
});
