import type { ClientView, CostUnit, LayerView, MemberView, Weight } from '@strata/fl-core/protocol';
import { amountShort } from '../../shared/texts/budget-text.ts';
import { count } from '../../shared/texts/format.ts';

export interface MaskCell {
  readonly layer: string;
  readonly chosen: boolean;
  /** The client's own score; null when it brought none. */
  readonly score: number | null;
  /** Score over the client's largest, in [0, 1]: clients differ in scale, their preferences compare. */
  readonly preference: number;
}

export interface MaskRow {
  readonly client: string;
  readonly name: string;
  readonly state: MemberView['state'];
  /** R_i, in the unit of the run's budget. */
  readonly budget: number;
  /** What of it the mask takes; null where nobody knows, and before there is a mask. */
  readonly spent: number | null;
  /** Samples that it weighs with, and where less counts than it claims, both numbers and why. */
  readonly weights: readonly WeightText[];
  readonly cells: readonly MaskCell[];
}

export interface WeightText {
  readonly text: string;
  readonly explanation: string;
  readonly bounded: boolean;
}

/** Client x layer of one round, in client-id order like everything that is summed (R7). */
export function maskRows(
  members: readonly MemberView[],
  layers: readonly LayerView[],
  clients: readonly Pick<ClientView, 'id' | 'name'>[],
): MaskRow[] {
  const names = new Map(clients.map((c) => [c.id, c.name]));
  const blocks = layers.filter((l) => l.role === 'block');
  return [...members]
    .sort((a, b) => (a.client < b.client ? -1 : 1))
    .map((member) => {
      const mask = new Set(member.mask ?? []);
      const top = Math.max(0, ...Object.values(member.scores ?? {}));
      return {
        client: member.client,
        name: names.get(member.client) || member.client,
        state: member.state,
        budget: member.budget,
        weights: weightTexts(member),
        spent: member.cost,
        cells: blocks.map(({ name: layer }) => {
          const score = member.scores?.[layer] ?? null;
          const preference = score === null || top === 0 ? 0 : score / top;
          return { layer, chosen: mask.has(layer), score, preference };
        }),
      };
    });
}

/** Of training always, of the held-out samples where not all of them count. */
function weightTexts({ weight, steps, evaluationWeight }: MemberView): WeightText[] {
  const part = steps !== null && steps.done < steps.asked ? [partText(steps)] : [];
  const heldOut = evaluationWeight?.bound ? [weightText(evaluationWeight, 'held-out samples')] : [];
  return [...(weight ? [weightText(weight, 'samples')] : []), ...part, ...heldOut];
}

function partText({ done, asked }: NonNullable<MemberView['steps']>): WeightText {
  return {
    text: `${count(done)} of ${count(asked)} steps`,
    explanation: `It had done ${count(done)} of ${count(asked)} steps when the time was over; its samples count by that share.`,
    bounded: false,
  };
}

function weightText({ claimed, counted, bound }: Weight, what: string): WeightText {
  if (bound === null)
    return { text: count(counted), explanation: `${count(counted)} ${what} count.`, bounded: false };
  const why =
    bound === 'declared'
      ? 'as many as it declared when the round opened'
      : 'which is the most beside the median of the cohort';
  return {
    text: `${count(counted)} of ${count(claimed)}`,
    explanation: `It claims ${count(claimed)} ${what}; ${count(counted)} count, ${why}.`,
    bounded: true,
  };
}

/** A client's budget and what its mask takes of it, short enough for a column: `1 of 2`. */
export function budgetCell({ budget, spent }: Pick<MaskRow, 'budget' | 'spent'>, unit: CostUnit): string {
  const all = amountShort(budget, unit);
  return spent === null ? all : `${amountShort(spent, unit)} of ${all}`;
}
