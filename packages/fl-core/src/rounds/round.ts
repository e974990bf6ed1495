import type { Phase } from '../protocol/index.ts';
import type { NextRound } from './opening.ts';
import type { Round } from './types.ts';
import { isOver, type TimedPhase } from './verdict.ts';

/**
 * A run and its rounds from the first to the last line. What each step decides are pure functions of where the round
 * stands (`nextRound` and `opening`, `settling`, `chooseForRound`, `makeCandidate`); a step reads that, and records
 * the change as one. Nothing is kept here: started again after a crash, at whatever line, this goes on from the
 * round as it was recorded.
 */

/** Where a round stands; all that is needed to go on. */
export interface RoundStatus {
  readonly phase: Phase;
  /** Milliseconds since the epoch; null outside the timed phases. */
  readonly deadline: number | null;
}

export const statusOf = ({ phase, deadline }: Pick<Round, 'phase' | 'deadline'>): RoundStatus => ({
  phase,
  deadline: deadline?.getTime() ?? null,
});

/**
 * The steps of one round. Each answers where the round stands after it, records its change wholly or not at all, may
 * be called again after a crash, and does nothing when the round has moved on already.
 */
export interface RoundSteps {
  /** Ends a timed phase if it may end: records what `settling` says. */
  settle(at: TimedPhase | 'start'): Promise<RoundStatus>;
  /** Returns when there is news of the phase (each is told once, R3), at the deadline at the latest (R2). */
  wait(phase: TimedPhase, deadline: number): Promise<void>;
  /** Records `beginTraining` with what `chooseForRound` chose. */
  select(): Promise<RoundStatus>;
  /** Records `beginEvaluating` with what `makeCandidate` made; a sealed round commits it (`committingSealed`). */
  aggregate(): Promise<RoundStatus>;
  /** Abandons a round whose work failed. Throws the error on when it is none of the work's. */
  fail(phase: Phase, error: unknown): Promise<RoundStatus>;
}

/**
 * (probe) -> select -> train -> (share keys -> send masked -> unmask) -> aggregate -> (evaluate) -> commit, or abandoned
 * from any of them.
 */
export async function playRound(round: RoundSteps): Promise<RoundStatus> {
  let at = await round.settle('start');
  if (at.phase === 'probing') at = await answersTo('probing', round);
  if (at.phase === 'selecting') at = await orFail('selecting', round, () => round.select());
  if (at.phase === 'training') at = await answersTo('training', round);
  if (at.phase === 'sealing') at = await answersTo('sealing', round);
  if (at.phase === 'uploading') at = await answersTo('uploading', round);
  if (at.phase === 'unmasking') at = await answersTo('unmasking', round);
  if (at.phase === 'aggregating') at = await orFail('aggregating', round, () => round.aggregate());
  if (at.phase === 'evaluating') at = await answersTo('evaluating', round);
  if (!isOver(at.phase)) throw new Error(`A round cannot go on from ${at.phase}.`);
  return at;
}

/** First looks, then waits: what happened before the phase began must not be waited for. */
async function answersTo(phase: TimedPhase, round: RoundSteps): Promise<RoundStatus> {
  let at = await round.settle(phase);
  while (at.phase === phase) {
    await round.wait(phase, at.deadline ?? 0);
    at = await round.settle(phase);
  }
  return at;
}

async function orFail(
  phase: Phase,
  round: RoundSteps,
  work: () => Promise<RoundStatus>,
): Promise<RoundStatus> {
  try {
    return await work();
  } catch (error) {
    return round.fail(phase, error);
  }
}

/** The steps of a run; the same promises as those of a round. */
export interface RunSteps {
  /** Opens the run's next round if it may, or stops the run: records what `nextRound` and `opening` say. */
  open(): Promise<NextRound>;
  /** Returns when the run may have something to do, after `seconds` at the latest. */
  wait(seconds: number): Promise<void>;
  /** Plays the round to its end. */
  play(round: number): Promise<void>;
  /** Ends a run that cannot go on. Throws the error on when it is none of the work's. */
  fail(error: unknown): Promise<void>;
}

/** Round after round until the run is over. */
export async function playRun(run: RunSteps): Promise<void> {
  try {
    for (;;) {
      const next = await run.open();
      switch (next.kind) {
        case 'over':
        case 'spent':
          return;
        case 'wait':
          await run.wait(next.seconds);
          break;
        case 'round':
          await run.play(next.round);
          break;
        default:
          next satisfies never;
      }
    }
  } catch (error) {
    await run.fail(error);
  }
}
