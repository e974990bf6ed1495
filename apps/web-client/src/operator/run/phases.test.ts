import { expect, it } from 'vitest';
import { phaseSteps, remainingMs, timeUsed } from './phases.ts';

const strata = { name: 'strata', lambda: 1, lambdaScale: 'relative' } as const;

it('marks what is done, what is going on and what is ahead', () => {
  const steps = phaseSteps('training', strata);
  expect(steps.map((s) => s.status)).toEqual(['done', 'done', 'done', 'current', 'ahead', 'ahead', 'ahead']);
});

it('leaves the probe out for a strategy that needs no scores', () => {
  expect(phaseSteps('waiting', { name: 'full' }).map((s) => s.phase)).not.toContain('probing');
});

it('shows a committed round as done and an abandoned one as not begun', () => {
  expect(new Set(phaseSteps('committed', strata).map((s) => s.status))).toEqual(new Set(['done']));
  expect(new Set(phaseSteps('abandoned', strata).map((s) => s.status))).toEqual(new Set(['ahead']));
});

it('counts down to the deadline and stops at zero (R2)', () => {
  expect(remainingMs({ deadline: 5000 }, 2000)).toBe(3000);
  expect(remainingMs({ deadline: 5000 }, 9000)).toBe(0);
  expect(remainingMs({ deadline: null }, 0)).toBeNull();
});

it('measures the used share of a phase against its limit', () => {
  const limits = { probing: 10, training: 20, evaluating: 10 };
  expect(timeUsed({ phase: 'training', deadline: 20_000 }, limits, 5000)).toBeCloseTo(0.25, 12);
  expect(timeUsed({ phase: 'training', deadline: 20_000 }, limits, 50_000)).toBe(1);
  expect(timeUsed({ phase: 'waiting', deadline: null }, limits, 0)).toBeNull();
});
