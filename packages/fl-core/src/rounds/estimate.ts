import type { Phase, RunConfig } from '../protocol/index.ts';

/** Past rounds that an estimate looks at. */
export const estimateWindow = 10;

export interface OpenRoundFacts {
  readonly phase: Phase;
  /** Milliseconds since the epoch. */
  readonly openedAt: number;
  readonly deadline: number | null;
}

/**
 * Seconds until the open round is probably over (R1): the median of past rounds less what has passed; before
 * the first round, the time that its phases may take at most.
 */
export function secondsToNextRound(
  round: OpenRoundFacts,
  pastSeconds: readonly number[],
  config: RunConfig,
  now: number,
): number {
  const latest = secondsAtMost(round, config, now);
  if (pastSeconds.length === 0) return latest;
  const typical = median(pastSeconds) - (now - round.openedAt) / 1000;
  return Math.max(0, Math.min(typical, latest));
}

function secondsAtMost({ phase, deadline }: OpenRoundFacts, { deadlines }: RunConfig, now: number): number {
  const present = deadline === null ? 0 : Math.max(0, (deadline - now) / 1000);
  switch (phase) {
    case 'waiting':
      return deadlines.probing + deadlines.training + deadlines.evaluating;
    case 'probing':
      return present + deadlines.training + deadlines.evaluating;
    case 'selecting':
      return deadlines.training + deadlines.evaluating;
    case 'training':
      return present + deadlines.evaluating;
    case 'aggregating':
      return deadlines.evaluating;
    case 'evaluating':
      return present;
    case 'committed':
    case 'abandoned':
      return 0;
    default:
      return phase satisfies never;
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
