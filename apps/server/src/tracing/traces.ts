import type { Phase } from '@strata/fl-core/protocol';

/** Spans of rounds: what asks for them knows this interface only, and never whether anybody listens. */

export type Attributes = Readonly<Record<string, string | number | readonly string[]>>;

/** What work belongs to: a phase of a round. */
export interface TracedPhase {
  readonly run: string;
  readonly round: number;
  readonly phase: Phase;
}

/** A round as its row has it. */
export interface TracedRound extends TracedPhase {
  readonly reason: string;
  /** When each phase began, in milliseconds since the epoch. */
  readonly began: Partial<Record<Phase, number>>;
  readonly openedAt: Date;
  readonly closedAt: Date | null;
}

export interface Traces {
  /**
   * Does work that belongs to a phase; with a span of its own where there is a trace. What it throws goes on, and is the
   * span's error.
   * @param work may note what is known only when it is done.
   */
  within<T>(
    phase: TracedPhase,
    name: string,
    attributes: Attributes,
    work: (note: (more: Attributes) => void) => Promise<T>,
  ): Promise<T>;
  /** A round has left a phase, or has ended: the span of that phase, and of the round, is over. */
  moved(before: TracedRound, after: TracedRound, attributes: Attributes): void;
  /** Sends what is not sent yet, for some seconds at most. */
  close(): Promise<void>;
}

export interface HasTraces {
  readonly traces: Traces;
}

const ignore = () => {};

/** Nobody listens: work is done as it is. */
export const noTraces: Traces = {
  within: (_phase, _name, _attributes, work) => work(ignore),
  moved: ignore,
  close: async () => {},
};
