import type { RunPublic } from '@strata/fl-core/protocol';
import type { LayerInfo } from '../client/index.ts';
import { bytes, seconds } from '../shared/texts/format.ts';
import { type Share, shareBudget } from './share.ts';

/** What taking part will cost, as far as anybody can know; bytes are of numbers of four bytes, as they travel. */

export interface DataEstimate {
  /** The whole model, once. */
  readonly first: number;
  /** At most, a round: what this device trains, and what all together may have changed. */
  readonly up: number;
  readonly down: number;
}

const numberBytes = 4;
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** @param layers of the model; null while they are not known. */
export function dataEstimate(
  { budget, strategy }: Pick<RunPublic, 'budget' | 'strategy'>,
  share: Share,
  layers: readonly LayerInfo[],
): DataEstimate | null {
  if (layers.length === 0) return null;
  const of = (role: LayerInfo['role']) =>
    layers.filter((layer) => layer.role === role).map(({ parameters }) => numberBytes * parameters);
  const [blocks, head] = [of('block').sort((a, b) => b - a), sum(of('head'))];
  return {
    first: sum(of('embed')) + sum(blocks) + head,
    up: head + (strategy === 'full' ? sum(blocks) : mostOf(blocks, budget, share)),
    down: sum(blocks) + head,
  };
}

/** Bytes of the blocks that a budget can hold at most, the largest first; all where it is no number of layers or bytes. */
function mostOf(blocks: readonly number[], budget: RunPublic['budget'], share: Share): number {
  const amount = mostAmount(budget, share);
  const all = sum(blocks);
  const { unit } = budget;
  switch (unit) {
    case 'layers':
      return sum(blocks.slice(0, Math.floor(amount)));
    case 'bytes':
      return Math.min(all, amount);
    case 'compute':
    case 'milliseconds':
      return all;
    default:
      return unit satisfies never;
  }
}

function mostAmount(budget: RunPublic['budget'], share: Share): number {
  switch (budget.kind) {
    case 'fixed':
      return budget.amount;
    case 'participant':
      return shareBudget(share, budget) ?? budget.fallback;
    case 'drawn':
      return budget.max;
    case 'adaptive':
      return Number.POSITIVE_INFINITY;
    default:
      return budget satisfies never;
  }
}

export const dataText = ({ first, up, down }: DataEstimate): string =>
  `${bytes(first)} to begin with, then in each round up to ${bytes(down)} down and ${bytes(up)} up.`;

type Timed = Pick<RunPublic, 'rounds' | 'committed' | 'roundSeconds'>;

/** Until the last round is done, by how long the newest took; null while none is. */
export const secondsLeft = ({ rounds, committed, roundSeconds }: Timed): number | null =>
  roundSeconds === null ? null : Math.max(0, rounds - committed) * roundSeconds;

export function timeText(run: Timed): string {
  const left = secondsLeft(run);
  const rounds = run.rounds - run.committed;
  if (left === null || run.roundSeconds === null) {
    return `${rounds} ${rounds === 1 ? 'round' : 'rounds'}; how long one takes shows with the first.`;
  }
  return `About ${seconds(left)}: ${rounds} more, of ${seconds(run.roundSeconds)} each so far.`;
}
