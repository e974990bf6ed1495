import { expect, it } from 'vitest';
import { runView } from '../testing/views.ts';
import { summaryLines } from './summary.ts';

it('says what will happen', () => {
  const { config } = runView({}, { budget: { kind: 'fixed', unit: 'layers', amount: 3 }, rounds: 1 });
  expect(summaryLines(config, 12)).toEqual([
    '2 labels, predicted from images.',
    'Every participant trains 3 of 12 layers a round, and the head.',
    '1 round with 3 updates each; a round opens when 3 participants are ready.',
    'No round waits for anybody longer than 25 min.',
  ]);
});

it.each([
  [{ name: 'multi-label' }, ['a', 'b'], 'Any of 2 labels for each text.'],
  [{ name: 'sequence-pair' }, ['a', 'b'], '2 labels, predicted from pairs of texts.'],
  [{ name: 'next-token', passage: 64 }, [], 'The next token, predicted from passages of 64 tokens.'],
] as const)('says what a run for %j is for', (task, labels, words) => {
  const { config } = runView({}, { data: { kind: 'text' }, task, labels: [...labels] });
  expect(summaryLines(config, 4)[0]).toBe(words);
});

it('never promises more layers than the model has', () => {
  const { config } = runView({}, { budget: { kind: 'fixed', unit: 'layers', amount: 30 } });
  expect(summaryLines(config, 4)[1]).toContain('4 of 4 layers');
  expect(summaryLines({ ...config, strategy: { name: 'full' } }, 4)[1]).toContain('all 4 layers');
});

it.each([
  [{ kind: 'fixed', unit: 'milliseconds', amount: 10_000 }, 'layers for 10 s a round'],
  [{ kind: 'participant', fallback: 2 }, 'what it offers, 2 layers if it says nothing'],
  [{ kind: 'drawn', distribution: 'uniform', min: 1, max: 4 }, 'between 1 and 4 layers a round'],
  [{ kind: 'adaptive', deadline: 60, first: 2, max: 6 }, 'what it can within 1 min, at most 6 layers'],
] as const)('says what a budget %j means', (budget, words) => {
  expect(summaryLines(runView({}, { budget }).config, 12)[1]).toContain(words);
});

it('says what a test means for participants', () => {
  expect(summaryLines(runView({}, { purpose: { kind: 'test' } }).config, 4)).toContain(
    'A test: participants are told that what they send could be read by you.',
  );
});

it('mentions that layers are kept for some rounds', () => {
  const { config } = runView({}, { selection: { every: 5 } });
  expect(summaryLines(config, 4)[2]).toBe('Layers are chosen anew every 5 rounds.');
});

it('mentions a warm start, in which whatever the strategy the head alone is made', () => {
  const { config } = runView({}, { local: { head: { warmUp: { rounds: 2 } } } });
  expect(summaryLines(config, 4)[2]).toBe('Before that the head alone, for 2 rounds.');
  expect(summaryLines({ ...config, rounds: 2 }, 4)[2]).toMatch(/^But all of its rounds make the head alone/);
  const computed = runView({}, { local: { head: { warmUp: { kind: 'closed-form' } } } }).config;
  expect(summaryLines(computed, 4)[2]).toBe(
    'Before that the head is computed, from sums over everybody’s samples (1 round).',
  );
});
