import { expect, it } from 'vitest';
import { amountShort, amountText, budgetText } from './budget-text.ts';

it('names amounts in their unit', () => {
  expect(amountText(33.33, 'compute')).toBe('about 33.3 % of the work of training all layers');
  expect(amountShort(33.33, 'compute')).toBe('33.3 %');
  expect(amountText(1, 'layers')).toBe('1 layer');
  expect(amountText(2.46, 'layers')).toBe('2.5 layers');
  expect(amountText(2.5e6, 'bytes')).toBe('2.50 MB');
  expect(amountText(250, 'milliseconds')).toBe('250 ms');
  expect(amountText(12_000, 'milliseconds')).toBe('12 s');
  expect(amountShort(2, 'layers')).toBe('2');
  expect(amountShort(2.5e6, 'bytes')).toBe('2.50 MB');
});

it('says what each kind of budget means', () => {
  expect(
    [
      { kind: 'fixed', unit: 'layers', amount: 2 },
      { kind: 'participant', unit: 'bytes', fallback: 1e6 },
      { kind: 'drawn', unit: 'layers', distribution: 'half-normal', min: 1, max: 4 },
      { kind: 'adaptive', unit: 'layers', deadline: 90, first: 2, max: 6 },
    ].map((budget) => budgetText(budget as Parameters<typeof budgetText>[0])),
  ).toEqual([
    'budget 2 layers',
    'own budgets, 1.00 MB if unsaid',
    'budgets drawn from 1 to 4 layers',
    'budgets for a deadline of 1 min 30 s',
  ]);
});
