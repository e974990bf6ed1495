import { expect, it } from 'vitest';
import { runView } from '../testing/views.ts';
import { everProbes, phaseSteps, probesIn, remainingMs, timeUsed } from './phases.ts';

const { config } = runView();
const full = { ...config, strategy: { name: 'full' } as const };

it('marks what is done, what is going on and what is ahead', () => {
  const steps = phaseSteps({ round: 1, phase: 'training' }, config);
  expect(steps.map((s) => s.status)).toEqual(['done', 'done', 'done', 'current', 'ahead', 'ahead', 'ahead']);
});

it('leaves the probe out for a strategy that needs no scores', () => {
  expect(phaseSteps({ round: 1, phase: 'waiting' }, full).map((s) => s.phase)).not.toContain('probing');
});

it('expects a probe where layers are chosen anew from scores, from a history that asks for them, or by time', () => {
  expect(probesIn(config, 2)).toBe(true);
  expect(probesIn({ ...config, selection: { ...config.selection, every: 3 } }, 2)).toBe(false);
  expect(probesIn({ ...config, selection: { ...config.selection, every: 3 } }, 4)).toBe(true);
  expect(probesIn(full, 1)).toBe(false);
  expect(probesIn({ ...full, budget: { kind: 'fixed', unit: 'milliseconds', amount: 9 } }, 1)).toBe(true);
  const history = (epsilon: number) =>
    ({ ...config, strategy: { name: 'adagrad-select', epsilon, decay: 0, prior: 1 } }) as const;
  expect(probesIn(history(1), 1)).toBe(true);
  expect(probesIn(history(0), 1)).toBe(false);
  expect([config, full, history(0)].map(everProbes)).toEqual([true, false, true]);
});

it('expects none in a warm start, and counts the choices from its end', () => {
  const head = { rate: 1, warmUp: { kind: 'trained', rounds: 2, epochs: 5 } as const };
  const selection = { ...config.selection, every: 2 };
  const warm = { ...config, selection, local: { ...config.local, head } };
  expect([1, 2, 3, 4, 5].map((round) => probesIn(warm, round))).toEqual([false, false, true, false, true]);
});

it('shows a probe that is going on, expected or not', () => {
  expect(phaseSteps({ round: 1, phase: 'probing' }, full).map((s) => s.phase)).toContain('probing');
});

it('shows a committed round as done and an abandoned one as not begun', () => {
  expect(new Set(phaseSteps({ round: 1, phase: 'committed' }, config).map((s) => s.status))).toEqual(
    new Set(['done']),
  );
  expect(new Set(phaseSteps({ round: 1, phase: 'abandoned' }, config).map((s) => s.status))).toEqual(
    new Set(['ahead']),
  );
});

it('counts down to the deadline and stops at zero (R2)', () => {
  expect(remainingMs({ deadline: 5000 }, 2000)).toBe(3000);
  expect(remainingMs({ deadline: 5000 }, 9000)).toBe(0);
  expect(remainingMs({ deadline: null }, 0)).toBeNull();
});

it('measures the used share of a phase against its limit', () => {
  const limits = { ...config, deadlines: { probing: 10, training: 20, evaluating: 10 } };
  expect(timeUsed({ phase: 'training', deadline: 20_000 }, limits, 5000)).toBeCloseTo(0.25, 12);
  expect(timeUsed({ phase: 'training', deadline: 20_000 }, limits, 50_000)).toBe(1);
  expect(timeUsed({ phase: 'waiting', deadline: null }, limits, 0)).toBeNull();
});

it('knows the phases of a sealed round, and how long they may last', () => {
  const sealing = { kind: 'sealed', atLeast: 5, samples: 100, seconds: 40 } as const;
  const sealed = { ...config, aggregation: { ...config.aggregation, sealing } };
  const steps = phaseSteps({ round: 1, phase: 'uploading' }, sealed);
  expect(steps.map((s) => [s.label, s.status])).toEqual([
    ['Gather', 'done'],
    ['Select', 'done'],
    ['Train', 'done'],
    ['Share keys', 'done'],
    ['Send', 'current'],
    ['Unmask', 'ahead'],
    ['Aggregate', 'ahead'],
    ['Commit', 'ahead'],
  ]);
  expect(timeUsed({ phase: 'uploading', deadline: 40_000 }, sealed, 10_000)).toBeCloseTo(0.25, 12);
});
