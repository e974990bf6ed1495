import { z } from 'zod';
import { StrataError } from '../error.ts';
import type { Demand } from './define-rule.ts';

/** What rules share that withstand so many hostile clients among those who trained a layer, f. */

export const mostByzantine = 1000;

/** f, how many clients may send anything. */
export const byzantineSchema = z.number().int().min(0).max(mostByzantine);

export const byzantineField = {
  kind: 'number',
  option: 'byzantine',
  label: 'Hostile clients, f',
} as const;

/** Updates of a layer that a rule needs against f hostile clients: `each` f + `more`. */
interface Needed {
  readonly each: number;
  readonly more: number;
}

/** The most hostile clients that can be withstood with `updates` a round. */
export const withstands = ({ each, more }: Needed, updates: number): number =>
  Math.min(mostByzantine, Math.max(0, Math.floor((updates - more) / each)));

export function demandAgainst(needed: Needed, byzantine: number, updates: number): Demand {
  const { each, more } = needed;
  const least = each * byzantine + more;
  return {
    option: 'byzantine',
    updates: least,
    sum: `${each} * ${byzantine} + ${more}`,
    purpose: `against ${byzantine} Byzantine participants`,
    remedy: 'lower the number of Byzantine participants',
    note: `Against f hostile clients it needs ${each}f + ${more} updates of a layer, so ${least} here; ${updates} updates a round withstand ${withstands(needed, updates)}. A layer that fewer trained stays as it was, so use a strategy whose masks agree.`,
  };
}

/** Throws `too-few-clients` where `n` updates are fewer than the rule demands: f clients could outvote the others. */
export function refuseFewer(rule: string, { updates: least, sum, purpose }: Demand, n: number): void {
  if (n >= least) return;
  throw new StrataError(
    'too-few-clients',
    `${rule} ${purpose} needs ${sum} = ${least} updates of the layer; there are ${n}.`,
    'Lower the number of Byzantine participants, enlarge the cohort, or use a strategy whose masks agree more.',
  );
}
