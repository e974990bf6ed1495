import { isRunOver } from './opening.ts';
import { isTimed, type TimedPhase } from './phase.ts';
import { verdictOn } from './settling.ts';
import type { Member, Round, Run } from './types.ts';

/** Whom an event wakes. */
export type Waking =
  | { readonly kind: 'round'; readonly round: number; readonly phase: TimedPhase }
  | { readonly kind: 'run' };

/**
 * R3: after every event, whether the phase that is waited in is decided, or a run that waits can go on; null when
 * there is nothing to do. Deadlines are not looked at: who waits has a clock of its own. A verdict is final, so that
 * one message a phase is enough.
 * @param open the round that is open, if there is one, and its cohort.
 * @param ready how many clients can be sampled now; read only when no round is open.
 */
export function waking(
  run: Pick<Run, 'config' | 'state'>,
  open: { readonly round: Pick<Round, 'round' | 'phase'>; readonly cohort: readonly Member[] } | null,
  ready: number,
): Waking | null {
  if (run.state === 'draft') return null;
  if (open === null) {
    const canOpen = run.state === 'running' && ready >= run.config.cohort.minimum;
    return canOpen || isRunOver(run) ? { kind: 'run' } : null;
  }
  const { round, phase } = open.round;
  if (!isTimed(phase) || verdictOn(run, phase, open.cohort, false) === 'open') return null;
  return { kind: 'round', round, phase };
}
