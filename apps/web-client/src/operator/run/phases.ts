import type { Phase, RoundSummary, RunConfig } from '@strata/fl-core/protocol';
import { isTimed, secondsOf } from '@strata/fl-core/rounds/verdict';
import { isHeadAlone, trainedOf } from '@strata/fl-core/rounds/warm-up';
import { createStrategy, selectionDue } from '@strata/fl-core/selection';

type OpenPhase = Exclude<Phase, 'abandoned'>;

export interface PhaseStep {
  readonly phase: OpenPhase;
  readonly label: string;
  /** What happens in it, for people. */
  readonly explanation: string;
  readonly status: 'done' | 'current' | 'ahead';
}

const descriptions: Readonly<Record<OpenPhase, { label: string; explanation: string }>> = {
  waiting: { label: 'Gather', explanation: 'The round opens as soon as enough participants are ready.' },
  probing: {
    label: 'Probe',
    explanation: 'Every participant measures, on a few batches, how much each layer matters to it.',
  },
  selecting: { label: 'Select', explanation: 'The server chooses the layers that each participant trains.' },
  training: {
    label: 'Train',
    explanation: 'Participants train their layers and send only what changed in them.',
  },
  sealing: { label: 'Share keys', explanation: 'Participants share the keys of the masks among themselves.' },
  uploading: {
    label: 'Send',
    explanation: 'Participants send their changes under masks that cancel in the sum.',
  },
  unmasking: { label: 'Unmask', explanation: 'Participants give back what opens the sums, and only these.' },
  aggregating: { label: 'Aggregate', explanation: 'The server averages the updates, layer by layer.' },
  evaluating: { label: 'Evaluate', explanation: 'Participants try the candidate on data they held out.' },
  committed: {
    label: 'Commit',
    explanation: 'The new model, its masks and its metrics are stored together.',
  },
};

const open: readonly OpenPhase[] = [
  'waiting',
  'probing',
  'selecting',
  'training',
  'aggregating',
  'evaluating',
  'committed',
];

const sealed: readonly OpenPhase[] = [
  'waiting',
  'selecting',
  'training',
  'sealing',
  'uploading',
  'unmasking',
  'aggregating',
  'committed',
];

type ProbeConfig = Pick<RunConfig, 'strategy' | 'selection' | 'budget' | 'seed' | 'local' | 'rounds'>;

/** Whether clients are ever probed: for scores, or for the milliseconds that layers cost. */
export function everProbes({ strategy, budget }: Pick<RunConfig, 'strategy' | 'budget'>): boolean {
  return budget.unit === 'milliseconds' || createStrategy(strategy).needs !== 'nothing';
}

/** Whether this round is meant to probe; one that needs no scores skips it, and so does one of the head alone (docs/design.md, 3). */
export function probesIn(config: ProbeConfig, round: number): boolean {
  if (isHeadAlone(config, round - 1)) return false;
  const counted = trainedOf(config, round - 1) + 1;
  if (!selectionDue(counted, config.selection.every)) return false;
  if (config.budget.unit === 'milliseconds') return true;
  const strategy = createStrategy(config.strategy);
  switch (strategy.needs) {
    case 'nothing':
      return false;
    case 'scores':
      return true;
    case 'history':
      return strategy.wantsScores(counted, config.seed);
    default:
      return strategy satisfies never;
  }
}

/** The phases of a round in order, as far as it is; an abandoned round shows none as current. */
export function phaseSteps(
  { round, phase }: { round: number; phase: Phase },
  config: ProbeConfig & Pick<RunConfig, 'aggregation'>,
): PhaseStep[] {
  // what the round really does outweighs what the configuration lets expect
  const probes = phase === 'probing' || probesIn(config, round);
  const all = config.aggregation.sealing.kind === 'sealed' ? sealed : open;
  const order = probes ? all : all.filter((p) => p !== 'probing');
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
  config: Pick<RunConfig, 'deadlines' | 'aggregation'>,
  now: number,
): number | null {
  const left = remainingMs(round, now);
  if (left === null || !isTimed(round.phase)) return null;
  return Math.min(1, Math.max(0, 1 - left / (1000 * secondsOf(round.phase, config))));
}
