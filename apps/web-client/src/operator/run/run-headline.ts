import type { RunView } from '@strata/fl-core/protocol';
import { plural } from '../../shared/texts/format.ts';
import { presentCount } from './clients.ts';

export interface Headline {
  readonly headline: string;
  readonly detail: string;
}

/** What is going on, in one line, and why, in another. */
export function runHeadline(run: RunView): Headline {
  const present = presentCount(run);
  switch (run.state) {
    case 'draft':
      return {
        headline: 'Not started',
        detail:
          present === 0
            ? 'Invite participants, then start.'
            : `${plural(present, 'participant')} ready to go.`,
      };
    case 'running':
      return running(run, present);
    case 'paused':
      return { headline: 'Paused', detail: 'Nothing is lost: resume goes on from the last committed round.' };
    case 'finished':
      return {
        headline: 'Finished',
        detail: `${plural(run.config.rounds, 'round is', 'rounds are')} committed, as planned.`,
      };
    case 'stopped':
      return { headline: 'Stopped', detail: `${plural(run.committed, 'round')} committed.` };
    case 'failed':
      return { headline: 'Failed', detail: `${plural(run.committed, 'round')} committed before it failed.` };
    default:
      return run.state satisfies never;
  }
}

function running(run: RunView, present: number): Headline {
  const round = run.rounds.at(-1);
  const missing = run.config.cohort.minimum - present;
  const gathering =
    missing > 0
      ? `Waiting for ${missing} more ${missing === 1 ? 'participant' : 'participants'}; ${run.config.cohort.minimum} are needed.`
      : `${plural(present, 'participant')} here.`;
  if (round === undefined) return { headline: 'Gathering participants', detail: gathering };
  switch (round.phase) {
    case 'waiting':
      return { headline: `Round ${round.round}`, detail: gathering };
    case 'abandoned':
      return {
        headline: `Round ${round.round} was abandoned`,
        detail: `${round.reason} ${gathering}`.trim(),
      };
    case 'committed':
      return { headline: `Round ${round.round} committed`, detail: gathering };
    case 'probing':
    case 'selecting':
    case 'training':
    case 'sealing':
    case 'uploading':
    case 'unmasking':
    case 'aggregating':
    case 'evaluating':
      return {
        headline: `Round ${round.round}: ${round.phase}`,
        detail: `${plural(round.cohort, 'participant')} in the cohort, ${plural(present, 'participant')} here.`,
      };
    default:
      return round.phase satisfies never;
  }
}
