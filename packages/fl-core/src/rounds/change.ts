import type { Phase, RunConfig } from '../protocol/index.ts';
import { isOver, isTimed } from './phase.ts';
import type { Layers, Member, Round, Run } from './types.ts';

/** A round and all that the rules read to move it on. */
export interface RoundFacts {
  readonly run: Run;
  readonly round: Round;
  /** In client-id order. */
  readonly cohort: readonly Member[];
  /** Rounds of the run committed so far. */
  readonly committed: number;
}

export type RoundChange = Partial<Omit<Round, 'run' | 'round'>>;
export type MemberChange = Partial<Omit<Member, 'run' | 'round' | 'client'>>;

/** How a round moves on. Who keeps rounds records all of it or nothing (R8). */
export interface Change {
  readonly round: RoundChange & Pick<Round, 'phase'>;
  readonly members: ReadonlyMap<string, MemberChange>;
  /** What a commit adds to the round: its checkpoint, and where the run stands then. Null for other changes. */
  readonly commit: Commit | null;
}

export interface Commit {
  readonly layers: Layers;
  readonly optimizer: Layers | null;
  /** Whether this was the run's last round. */
  readonly finished: boolean;
}

export const nobody: ReadonlyMap<string, MemberChange> = new Map();

/** Begins `phase`; its deadline is stored as an absolute time (R2). */
export function entering(
  { began }: Pick<Round, 'began'>,
  phase: Phase,
  { deadlines }: RunConfig,
  now: number,
): RoundChange & Pick<Round, 'phase'> {
  const seconds = isTimed(phase) ? deadlines[phase] : null;
  return {
    phase,
    deadline: seconds === null ? null : new Date(now + seconds * 1000),
    began: { ...began, [phase]: now },
    closedAt: isOver(phase) ? new Date(now) : null,
  };
}

/** Ends a round without a result: the model stays as it was (R2). */
export function abandoning(
  { began }: Pick<Round, 'began'>,
  reason: string,
  now: number,
  members: Change['members'] = nobody,
): Change {
  const round = {
    phase: 'abandoned',
    deadline: null,
    reason,
    began: { ...began, abandoned: now },
    closedAt: new Date(now),
  } as const;
  return { round, members, commit: null };
}
