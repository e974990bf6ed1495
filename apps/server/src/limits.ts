/** Bounds on what grows; see `defaultLimits` for what each is. */
export interface Limits {
  readonly graceMs: number;
  readonly helloTimeoutMs: number;
  readonly updateBytes: number;
  readonly clientsPerRun: number;
  readonly participantsPerAddress: number;
  readonly registrationsPerRun: number;
  readonly runs: number;
  readonly eventsPerRun: number;
  readonly keptCheckpoints: number;
  readonly watchMs: number;
  readonly erasureMs: number;
  readonly drainMs: number;
}

export const defaultLimits: Limits = {
  /** How long a client without a connection still belongs to its round. */
  graceMs: 30_000,
  /** How long a socket may stay silent before its hello. */
  helloTimeoutMs: 15_000,
  /** Largest update that is taken, whatever the model. */
  updateBytes: 512 * 2 ** 20,
  /** Seats of a run: clients that have answered a round and are connected or away. As many others may wait. */
  clientsPerRun: 1_000,
  /** Participants that one network address may have, a school behind one router; its rates follow (entry/). */
  participantsPerAddress: 600,
  /** Clients that ever answered a round of a run. */
  registrationsPerRun: 20_000,
  runs: 500,
  /** Lines of a run's log that are kept of each source: the operator, the run, its participants. */
  eventsPerRun: 10_000,
  /** Newest checkpoints whose blobs are kept, beside round 0. */
  keptCheckpoints: 3,
  /** How often the watchdog looks at the runs that are under way. */
  watchMs: 30_000,
  /** How often it is looked for what a run's retention no longer lets be kept. */
  erasureMs: 3_600_000,
  /** How long a server that is told to end waits for uploads that are under way. */
  drainMs: 10_000,
};

/** Bounds are passed on by name, so that a signature says which it reads. */
export interface HasLimits<K extends keyof Limits> {
  readonly limits: Pick<Limits, K>;
}
