import type { Work } from '@strata/fl-core/protocol';
import type { JobStage } from '../work/index.ts';
import type { ClientPhase, PauseWish } from './snapshot.ts';

/** What decides the phase of a client that has joined. */
export interface PhaseInput {
  /** The newest work, and when it came (ms since the epoch); null before the first answer. */
  readonly work: Work | null;
  readonly workAt: number;
  /** What the running job is at; null when none runs. */
  readonly stage: JobStage | null;
  readonly pause: PauseWish;
}

/** The phase as a function of the state, so that no order of events can leave a wrong one on the page. */
export function phaseOf({ work, workAt, stage, pause }: PhaseInput): ClientPhase {
  if (work === null) return { kind: 'connecting' };
  if (work.kind === 'over') return { kind: 'over', state: work.state, message: work.message };
  if (pause === 'now') return { kind: 'paused', round: work.round };
  if (work.kind === 'wait') {
    const { reason, round, estimateSeconds, message } = work;
    if (reason === 'you-paused') return { kind: 'paused', round };
    const until = estimateSeconds === null ? null : workAt + estimateSeconds * 1000;
    return { kind: 'waiting', reason, round, until, message };
  }
  const { round } = work;
  if (work.kind === 'share' || work.kind === 'mask' || work.kind === 'release')
    return { kind: 'sealing', round };
  if (stage === null) return { kind: 'fetching', round, fraction: 0 };
  switch (stage.kind) {
    case 'fetching':
    case 'probing':
    case 'evaluating':
      return { kind: stage.kind, round, fraction: stage.fraction };
    case 'training':
      return { kind: 'training', round, fraction: stage.fraction, loss: stage.loss };
    case 'sealing':
      return { kind: 'sealing', round };
    case 'sending':
      return { kind: 'sending', round, answer: stage.answer };
    default:
      return stage satisfies never;
  }
}
