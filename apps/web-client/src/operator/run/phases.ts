import type { Phase, RoundSummary, RunConfig } from '@strata/fl-core/protocol';
import { createStrategy } from '@strata/fl-core/selection';

type OpenPhase = Exclude<Phase, 'abandoned'>;

export interface PhaseStep {
  readonly phase: OpenPhase;
  readonly label: string;
  /** What happens in it, for people. */
  readonly explanation: string;
  readonly status: 'done' | 'current' | 'ahead';
}

const descriptions: Readonly<Record<OpenPhase, { label: string; explanation: string }>> = {
  waiting: { label: 'Gather', explanation: 'The round opens as soon as enough clients are ready.' },
  probing: {
    label: 'Probe',
    explanation: 'Every client measures, on a few batches, how much each layer matters to it.',
  },
  selecting: { label: 'Select', explanation: 'The server chooses the layers that each client trains.' },
  training: { label: 'Train', explanation: 'Clients train their layers and send only what changed in them.' },
  aggregating: { label: 'Aggregate', explanation: 'The server averages the updates, layer by layer.' },
  evaluating: { label: 'Evaluate', explanation: 'Clients try the candidate on data they held out.' },
  committed: {
    label: 'Commit',
    explanation: 'The new model, its masks and its metrics are stored together.',
  },
};

const withScores: readonly OpenPhase[] = [
  'waiting',
  'probing',
  'selecting',
  'training',
  'aggregating',
  'evaluating',
  'committed',
];

/** A strategy that needs no scores skips the probe (docs/design.md, 3). */
export function needsScores(strategy: RunConfig['strategy']): boolean {
  return createStrategy(strategy).needs === 'scores';
}

/** The phases of a round in order, as seen from `phase`; an abandoned round shows none as current. */
export function phaseSteps(phase: Phase, strategy: RunConfig['strategy']): PhaseStep[] {
  const order = needsScores(strategy) ? withScores : withScores.filter((p) => p !== 'probing');
  const at = phase === 'abandoned' ? -1 : order.indexOf(phase);
  return order.map((p, i) => {
    const passed = at >= 0 && (i < at || phase === 'committed');
    return { phase: p, ...descriptions[p], status: passed ? 'done' : i === at ? 'current' : 'ahead' };
  });
}

/** Milliseconds until the phase closes at the latest, or null when it has no deadline. */
export function remainingMs(round: Pick<RoundSummary, 'deadline'>, now: number): number | null {
  return round.deadline === null ? null : Math.max(0, round.deadline - now);
}

/** Share of the phase's time that is used up, in [0, 1]; null when it has no deadline. */
export function timeUsed(
  round: Pick<RoundSummary, 'deadline' | 'phase'>,
  limits: RunConfig['deadlines'],
  now: number,
): number | null {
  const left = remainingMs(round, now);
  if (
    left === null ||
    !(round.phase === 'probing' || round.phase === 'training' || round.phase === 'evaluating')
  )
    return null;
  return Math.min(1, Math.max(0, 1 - left / (1000 * limits[round.phase])));
}
