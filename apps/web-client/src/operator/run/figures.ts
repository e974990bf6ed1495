import type { RoundSummary, RunView } from '@strata/fl-core/protocol';
import { bytes, percent, plural } from '../../shared/texts/format.ts';
import { lossText, metricText } from '../../shared/texts/metric-text.ts';
import { epsilonText } from '../../shared/texts/privacy-text.ts';
import { presentCount } from './clients.ts';
import { noFigures } from './no-figures.ts';
import { saving, savingText, traffic } from './traffic.ts';

export interface Figure {
  readonly id: 'accuracy' | 'loss' | 'traffic' | 'clients' | 'privacy';
  readonly label: string;
  readonly value: string;
  readonly note: string;
  readonly trend: 'better' | 'worse' | 'neutral';
}

export function figures(run: RunView): Figure[] {
  const task = run.config.task.name;
  const last = run.rounds.at(-1);
  const saved = saving(run.rounds);
  const moved = traffic(run.rounds).at(-1)?.moved ?? 0;
  const present = presentCount(run);
  return [
    measured(
      run,
      'accuracy',
      `Held-out ${metricText(task).name}`,
      (v) => percent(v),
      percentagePoints,
      1,
      (_, { medianAccuracy, accuracyNoise }) =>
        accuracyNoise !== null
          ? `± ${(100 * accuracyNoise).toFixed(1)} points of noise`
          : medianAccuracy === null
            ? null
            : `${percent(medianAccuracy)} the median participant`,
    ),
    measured(
      run,
      'loss',
      'Held-out loss',
      (v) => v.toFixed(3),
      (d) => signed(d, 3),
      -1,
      (v) => lossText(task, v),
    ),
    {
      id: 'traffic',
      label: 'Sent and received',
      value: bytes(moved),
      note: saved === null ? 'beside training all layers' : savingText(saved, 'long'),
      trend: saved !== null && saved > 0 ? 'better' : 'neutral',
    },
    {
      id: 'clients',
      label: 'Participants here',
      value: String(present),
      note:
        last === undefined
          ? `${run.config.cohort.goal} wanted a round`
          : `${plural(last.cohort, 'participant')} in round ${last.round}`,
      trend: 'neutral',
    },
    ...spent(run),
  ];
}

/** Of a run under differential privacy: what the models that were sent have used up of what it may. */
function spent({ config: { privacy }, spent: so }: RunView): Figure[] {
  if (privacy.kind === 'none' || so === null) return [];
  if (privacy.kind === 'sample') {
    const { participants } = so.claimed ?? { participants: 0 };
    return [
      {
        id: 'privacy',
        label: 'Privacy spent, as claimed',
        value: participants === 0 ? '–' : `ε ${so.epsilon.toFixed(2)}`,
        note: `of ${epsilonText(privacy.epsilon)} for each sample · the most of ${plural(participants, 'participant')} · nobody can check it`,
        trend: 'neutral',
      },
    ];
  }
  return [
    {
      id: 'privacy',
      label: 'Privacy spent',
      value: `ε ${so.epsilon.toFixed(2)}`,
      note: `of ${epsilonText(privacy.epsilon)} · δ ${privacy.delta} · ${plural(so.models, 'model')} sent`,
      trend: 'neutral',
    },
  ];
}

/**
 * The newest value of a metric and its change since the one before; `sign` is 1 where more is better, `beside` what
 * the value means, if there is more to say of it.
 */
function measured(
  run: RunView,
  id: 'accuracy' | 'loss',
  label: string,
  format: (value: number) => string,
  change: (difference: number) => string,
  sign: 1 | -1,
  beside: (value: number, round: RoundSummary) => string | null = () => null,
): Figure {
  const values = run.rounds.flatMap((r) =>
    r[id] === null ? [] : [{ round: r.round, value: r[id], summary: r }],
  );
  const now = values.at(-1);
  const before = values.at(-2);
  if (now === undefined) {
    const note =
      noFigures(run.config.privacy)?.note ?? (lossIsUntold(run, id) ? 'not told' : 'after the first round');
    return { id, label, value: '–', note, trend: 'neutral' };
  }
  const note = (since: string) =>
    [beside(now.value, now.summary), since].filter((part) => part !== null).join(' · ');
  if (before === undefined) {
    return { id, label, value: format(now.value), note: note(`round ${now.round}`), trend: 'neutral' };
  }
  const difference = now.value - before.value;
  return {
    id,
    label,
    value: format(now.value),
    note: note(`${change(difference)} since round ${before.round}`),
    trend: difference === 0 ? 'neutral' : difference * sign > 0 ? 'better' : 'worse',
  };
}

/** Where accuracies have noise, losses are told nobody. */
const lossIsUntold = ({ config: { privacy } }: RunView, id: 'accuracy' | 'loss'): boolean =>
  id === 'loss' && privacy.kind === 'client' && privacy.figures.kind === 'noised';

const signed = (value: number, digits: number) =>
  `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
const percentagePoints = (difference: number) => `${signed(100 * difference, 1)} points`;
