import type { RunConfig } from '@strata/fl-core/protocol';
import { bytes, seconds } from './format.ts';

type Budget = RunConfig['budget'];

/** An amount of a budget in words; fields that are being typed in may hold no number yet. */
export function amountText(amount: number, unit: Budget['unit']): string {
  const value = Number(amount) || 0;
  switch (unit) {
    case 'layers':
      return `${amountShort(value, unit)} ${value === 1 ? 'layer' : 'layers'}`;
    case 'bytes':
      return bytes(value);
    case 'compute':
      return `about ${amountShort(value, unit)} of the work of training all layers`;
    case 'milliseconds':
      return value < 1000 ? `${Math.round(value)} ms` : seconds(value / 1000);
    default:
      return unit satisfies never;
  }
}

/** An amount without the name of its unit where words stand for that: for narrow columns. */
export function amountShort(amount: number, unit: Budget['unit']): string {
  const tenths = String(Math.round(10 * amount) / 10);
  switch (unit) {
    case 'layers':
      return tenths;
    case 'compute':
      return `${tenths} %`;
    case 'bytes':
    case 'milliseconds':
      return amountText(amount, unit);
    default:
      return unit satisfies never;
  }
}

/** A budget as it stands in headings: `budget 2 layers`. */
export function budgetText(budget: Budget): string {
  const { unit } = budget;
  switch (budget.kind) {
    case 'fixed':
      return `budget ${amountText(budget.amount, unit)}`;
    case 'participant':
      return `own budgets, ${amountText(budget.fallback, unit)} if unsaid`;
    case 'drawn':
      return `budgets drawn from ${amountShort(budget.min, unit)} to ${amountText(budget.max, unit)}`;
    case 'adaptive':
      return `budgets for a deadline of ${seconds(Number(budget.deadline) || 0)}`;
    default:
      return budget satisfies never;
  }
}
