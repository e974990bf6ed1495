import type {
  Checkpoint,
  Evaluated,
  Hello,
  KeptStates,
  Phase,
  RunConfig,
  RunState,
  StepTimesMessage,
} from '../protocol/index.ts';
import type { Clip, Ready, Released, Shared } from '../sealing/index.ts';
import type { SelectionHistory } from '../selection/index.ts';
import type { RoundPrivacy } from './privacy/spending.ts';

/**
 * What the rules of a round read, and the changes that they make of it. The rows of the server's store satisfy these
 * types as they are.
 */

/** The layers of a model: a blob each. */
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

/** What the sums of a sealed round said, and all that anybody knows of what was in them. */
export interface SealedResult {
  /** Of each layer that was opened: over how many participants, with which weight together, and how many values were clamped. */
  readonly layers: Readonly<
    Record<string, { readonly members: number; readonly weight: number; readonly clamped: number }>
  >;
  /** Of each layer that stayed closed: how many were left. */
  readonly closed: Readonly<Record<string, number>>;
  /** Null where participants add noise themselves: figures then stay on their devices. */
  readonly figures: SealedFigures | null;
  /** Mean share of importance of each selectable layer, of the model that the round started from; null where nobody was asked. */
  readonly scores: Readonly<Record<string, number>> | null;
  /** How the layers are rounded in the next round. */
  readonly clips: Readonly<Record<string, Clip>>;
}

/** Means over the participants of a sealed round, each with its weight. */
export interface SealedFigures {
  /** The last loss of training. */
  readonly trainLoss: number;
  /** Of the model that the round started from, on what participants hold out; null where nobody does. */
  readonly before: { readonly loss: number; readonly accuracy: number } | null;
}

/** How far a member of a sealed round has come: what is not null it has said. All that the rules look at. */
export interface SealingState {
  readonly ready: unknown;
  readonly shared: unknown;
  readonly released: unknown;
}

/** What a member of a sealed round has said in it. */
export interface MemberSealing extends SealingState {
  readonly ready: Ready;
  readonly shared: Shared | null;
  readonly released: Released | null;
}

/** What the cohort measured of a committed model on the data that it holds out; means, by the samples that count. */
export interface HeldOut {
  readonly loss: number;
  readonly accuracy: number;
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
  readonly optimizer: KeptStates | null;
  /** When each phase began, in milliseconds since the epoch. */
  readonly began: Partial<Record<Phase, number>>;
  /** Solver's account of the selection: objective, bound, proved, lambda in units of the mean score; or the head's warm start. */
  readonly selection: {
    objective?: number;
    bound?: number;
    proved?: boolean;
    lambda?: number;
    warmUp?: boolean;
  } | null;
  /** What the strategy remembers after this round. */
  readonly history: SelectionHistory | null;
  /** What it has released with noise; null without differential privacy, and before it has. */
  readonly privacy: RoundPrivacy | null;
  readonly reason: string;
  readonly openedAt: Date;
  readonly closedAt: Date | null;
  /** Of the committed model; null where nobody evaluated it. Absent before the commit. */
  readonly heldOut?: HeldOut | null;
  /** Of a sealed round that was committed. */
  readonly sealed: SealedResult | null;
}

/**
 * What a member of a buffered run works on, as it was handed out. It stays so over rounds until its update is there: seed,
 * schedule and address of the upload follow from it.
 */
export interface Given {
  /** The round in which it was handed out. */
  readonly round: number;
  /** Checkpoint that it starts from. */
  readonly base: number;
  /** Rounds of the run committed before it. */
  readonly committed: number;
  /** When, in milliseconds since the epoch. */
  readonly at: number;
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
  /** Hash and size of the update that counts (R4); of a sealed round, of the masked words. */
  readonly update: string | null;
  readonly updateBytes: number | null;
  /** L2 norm of all its values. */
  readonly updateLength: number | null;
  readonly trainLoss: number | null;
  readonly evaluation: Omit<Evaluated, 'round'> | null;
  readonly left: boolean;
  readonly bytesDown: number;
  /** Moving average of the client's scores up to this round; null when it was not probed, or keeps the newest only. */
  readonly smoothed: Record<string, number> | null;
  readonly times: StepTimesMessage | null;
  readonly steps: number | null;
  /** Of a time-boxed round: optimizer steps that it is asked for, and those behind its update that count. */
  readonly stepsAsked: number | null;
  readonly stepsDone: number | null;
  /** Under differential privacy of each sample: what the client says it has spent, its update included. */
  readonly claimedEpsilon: number | null;
  /** Cost of the mask, in the unit of the run's budget. */
  readonly cost: number | null;
  /**
   * From the beginning of training until the update was counted; of a part, what all of it would have taken at that pace;
   * for one that never came, twice the phase.
   */
  readonly seconds: number | null;
  /** Rounds in a row, before this one, that the client was asked in and answered nothing. */
  readonly missed: number;
  /** A phase of this round closed without its answer, or what it works on became too old. */
  readonly late: boolean;
  /** Of a buffered run, once its layers are chosen; null before, and in other runs. */
  readonly given: Given | null;
  /** Of a buffered run: how often the layers of its update had been changed since its copy, in the mean; null before it counts. */
  readonly staleness: number | null;
  /** Null until it is ready to share keys. */
  readonly sealing: SealingState | null;
}

/** A member with the messages of its exchange. */
export interface SealedMember extends Member {
  readonly sealing: MemberSealing | null;
}

export interface Client {
  readonly id: string;
  /** Null until the client has said hello. */
  readonly hello: Hello | null;
  readonly paused: boolean;
  readonly left: boolean;
  /** New to a run in which an operator lets in each who is, and not let in yet: takes no part. */
  readonly awaitsApproval: boolean;
}

/** A round and all that the rules read to move it on. */
export interface RoundFacts {
  readonly run: Run;
  readonly round: Round;
  /** In client-id order. */
  readonly cohort: readonly Member[];
  /** Rounds of the run committed so far. */
  readonly committed: number;
  /** What the run's other rounds have released with noise, oldest first; none without differential privacy. */
  readonly released: readonly RoundPrivacy[];
  /** Of the run's committed rounds that were evaluated, oldest first; read only where the run may end early. */
  readonly heldOut: readonly HeldOut[];
}

export type RoundChange = Partial<Omit<Round, 'run' | 'round'>>;
export type MemberChange = Partial<Omit<Member, 'run' | 'round' | 'client' | 'sealing'>>;

/** How a round moves on. Who keeps rounds records all of it or nothing (R8). */
export interface Change {
  readonly round: RoundChange & Pick<Round, 'phase'>;
  readonly members: ReadonlyMap<string, MemberChange>;
  /** What a commit adds to the round: its checkpoint, and where the run stands then. Null for other changes. */
  readonly commit: Commit | null;
}

export interface Commit {
  readonly layers: Layers;
  readonly optimizer: KeptStates | null;
  /** Whether this was the run's last round. */
  readonly finished: boolean;
  /** Why it was, where it had others to play; empty otherwise. */
  readonly reason: string;
}
