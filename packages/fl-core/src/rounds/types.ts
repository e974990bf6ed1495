import type {
  Checkpoint,
  Evaluated,
  Hello,
  Phase,
  RunConfig,
  RunState,
  StepTimesMessage,
} from '../protocol/index.ts';
import type { SelectionHistory } from '../selection/index.ts';

/**
 * What the rules of a round read, and the changes that they make of it. The rows of the server's store satisfy these
 * types as they are.
 */

/** The layers of a model, or a server optimizer's state of them: a blob each. */
export type Layers = Checkpoint['layers'];

export interface Run {
  readonly id: string;
  readonly config: RunConfig;
  readonly state: RunState;
  /** Why the run failed or was stopped; empty otherwise. */
  readonly reason: string;
  readonly committedRound: number;
  /** What cohorts are drawn with (R11); nobody knows it before the run is over, unless its configuration says it. */
  readonly sampling: string;
}

/** What the masks and scores of a round say of it (docs/design.md, 7). */
export interface RoundDiagnostics {
  readonly e1: number | null;
  readonly e2: number | null;
  readonly agreement: number | null;
  readonly covered: number | null;
  readonly effectiveClients: Record<string, number> | null;
}

export interface Round extends RoundDiagnostics {
  readonly run: string;
  readonly round: number;
  readonly phase: Phase;
  /** Absolute end of the present phase (R2); null where it has none. */
  readonly deadline: Date | null;
  /** Checkpoint the round started from. */
  readonly baseRound: number;
  /** Aggregated, not yet committed model: what `evaluating` looks at. */
  readonly candidate: Layers | null;
  /** The server optimizer's state beside the candidate. */
  readonly optimizer: Layers | null;
  /** When each phase began, in milliseconds since the epoch. */
  readonly began: Partial<Record<Phase, number>>;
  /** Solver's account of the selection: objective, bound, proved. */
  readonly selection: { objective?: number; bound?: number; proved?: boolean } | null;
  /** What the strategy remembers after this round. */
  readonly history: SelectionHistory | null;
  readonly reason: string;
  readonly openedAt: Date;
  readonly closedAt: Date | null;
}

/** A client's place in the cohort of a round, and what it has answered so far. */
export interface Member {
  readonly run: string;
  readonly round: number;
  readonly client: string;
  /** Training samples that the client declared before the round opened; what of them counts, `claims.ts` says. */
  readonly samples: number;
  /** Those that its newest answer, probe or update, is said to stand for; null before it has answered. */
  readonly claimed: number | null;
  /** Held-out samples that it declared before the round opened. */
  readonly heldOut: number;
  /** R_i, in the unit of the run's budget. */
  readonly budget: number;
  readonly scores: Record<string, number> | null;
  readonly mask: string[] | null;
  /** Hash and size of the update that counts (R4). */
  readonly update: string | null;
  readonly updateBytes: number | null;
  readonly trainLoss: number | null;
  readonly evaluation: Omit<Evaluated, 'round'> | null;
  readonly left: boolean;
  readonly bytesDown: number;
  /** Moving average of the client's scores up to this round; null when it was not probed, or keeps the newest only. */
  readonly smoothed: Record<string, number> | null;
  readonly times: StepTimesMessage | null;
  readonly steps: number | null;
  /** Cost of the mask, in the unit of the run's budget. */
  readonly cost: number | null;
  /** From the beginning of training until the update was counted; for one that never came, twice the phase. */
  readonly seconds: number | null;
  /** Rounds in a row, before this one, that the client was asked in and answered nothing. */
  readonly missed: number;
  /** A phase of this round closed without its answer. */
  readonly late: boolean;
}

export interface Client {
  readonly id: string;
  /** Null until the client has said hello. */
  readonly hello: Hello | null;
  readonly paused: boolean;
  readonly left: boolean;
}

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
