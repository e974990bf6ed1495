import { bufferOf, type DrawnFrom, type KeptStates, type RunConfig } from '../../protocol/index.ts';
import type { Masks, MeasuredRound } from '../../selection/index.ts';
import { statedSampling, type Turnout } from '../cohort.ts';
import { budgetWindow, missedRounds, type NewRound, type PastRound, turnoutWindow } from '../opening.ts';
import type { RoundPrivacy } from '../privacy/spending.ts';
import { type Terms, termsAfter } from '../sealed/exchange.ts';
import { commonProbes } from '../sealed/scores.ts';
import type { EarlierProbe } from '../selection/trainers.ts';
import type {
  Change,
  Client,
  Layers,
  MemberChange,
  MemberSealing,
  Round,
  RoundFacts,
  Run,
  SealedMember,
} from '../types.ts';
import { hasAnswered, isOver } from '../verdict.ts';

export interface KeptCheckpoint {
  readonly round: number;
  readonly layers: Layers;
  readonly optimizer: KeptStates | null;
}

/** What a {@link Book} holds, as plain maps. */
export interface BookContents {
  readonly run: Run;
  readonly rounds: ReadonlyMap<number, Round>;
  readonly members: ReadonlyMap<number, ReadonlyMap<string, SealedMember>>;
  readonly clients: ReadonlyMap<string, Client>;
  readonly checkpoints: ReadonlyMap<number, KeptCheckpoint>;
  readonly draws: ReadonlyMap<number, DrawnFrom>;
  readonly blobs: ReadonlyMap<string, Uint8Array>;
}

/**
 * All that survives a crash: the same as the server's store holds of one run, in maps. What is read comes as it was
 * at that moment, and a change is recorded at once and wholly (R8).
 */
export class Book {
  run: Run;
  readonly rounds = new Map<number, Round>();
  readonly members = new Map<number, Map<string, SealedMember>>();
  readonly clients = new Map<string, Client>();
  readonly checkpoints = new Map<number, KeptCheckpoint>();
  /** Whom each round's cohort was drawn from. */
  readonly draws = new Map<number, DrawnFrom>();
  readonly #blobs = new Map<string, Uint8Array>();

  constructor(id: string, config: RunConfig) {
    // In one process there is nobody to keep it from.
    const sampling = statedSampling(config) ?? String(config.seed);
    this.run = { id, config, state: 'draft', reason: '', committedRound: 0, sampling };
  }

  /** Content-addressed, like the server's blobs. */
  async write(bytes: Uint8Array): Promise<Layers[string]> {
    const copy = bytes.slice();
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', copy));
    const sha256 = [...digest].map((b) => b.toString(16).padStart(2, '0')).join('');
    this.#blobs.set(sha256, copy);
    return { sha256, bytes: copy.byteLength };
  }

  read(sha256: string): Uint8Array {
    const bytes = this.#blobs.get(sha256);
    if (!bytes) throw new Error(`There is no blob ${sha256}.`);
    return bytes;
  }

  /**
   * Everything that is in the book, to be kept by `structuredClone` or something like it and given to {@link Book.of}.
   * It shares what the book holds.
   */
  get contents(): BookContents {
    const { run, rounds, members, clients, checkpoints, draws } = this;
    return { run, rounds, members, clients, checkpoints, draws, blobs: this.#blobs };
  }

  /** A book with the contents of another one. */
  static of(contents: BookContents): Book {
    const book = new Book(contents.run.id, contents.run.config);
    book.run = contents.run;
    for (const [round, row] of contents.rounds) book.rounds.set(round, row);
    for (const [round, cohort] of contents.members) book.members.set(round, new Map(cohort));
    for (const [id, client] of contents.clients) book.clients.set(id, client);
    for (const [round, checkpoint] of contents.checkpoints) book.checkpoints.set(round, checkpoint);
    for (const [round, drawn] of contents.draws) book.draws.set(round, drawn);
    for (const [sha256, bytes] of contents.blobs) book.#blobs.set(sha256, bytes);
    return book;
  }

  /** Forgets what is of no use any more, as the server does: updates of closed rounds, models but the first and the newest. */
  tidy(): void {
    const { openRound } = this;
    const newest = Math.max(...this.checkpoints.keys());
    const models = [this.checkpoint(0), this.checkpoint(newest), ...this.earlier, openRound].flatMap((of) =>
      of === null ? [] : [('layers' in of ? of.layers : of.candidate) ?? {}, of.optimizer ?? {}],
    );
    const updates = openRound === null ? [] : this.cohort(openRound.round).map((m) => m.update);
    const used = new Set([...models.flatMap((m) => Object.values(m).map((blob) => blob.sha256)), ...updates]);
    for (const sha256 of this.#blobs.keys()) if (!used.has(sha256)) this.#blobs.delete(sha256);
    for (const round of this.rounds.values()) if (isOver(round.phase)) this.#forgetShares(round.round);
  }

  /** What the words of the open round are, if the run is sealed. */
  get terms(): Terms {
    const { config, committedRound } = this.run;
    return termsAfter(config, this.committed.length, this.rounds.get(committedRound)?.sealed ?? null);
  }

  /** Of a sealed round that is over nobody needs the envelopes and shares, of which there are as many as pairs. */
  #forgetShares(round: number): void {
    for (const { client, sealing } of this.cohort(round)) {
      if (sealing?.shared)
        this.changeMember(round, client, { sealing: { ...sealing, shared: null, released: null } });
    }
  }

  get openRound(): Round | null {
    return [...this.rounds.values()].find((r) => !isOver(r.phase)) ?? null;
  }

  get newestRound(): Round | null {
    return [...this.rounds.values()].at(-1) ?? null;
  }

  /** The cohort of the newest round, those aside that have left since. */
  get newestMembers(): SealedMember[] {
    const { newestRound } = this;
    return newestRound === null
      ? []
      : this.cohort(newestRound.round).filter((m) => this.clients.get(m.client)?.left === false);
  }

  /** Of a buffered run: committed models that somebody may still be at work on, oldest first. */
  get earlier(): KeptCheckpoint[] {
    const buffer = bufferOf(this.run.config);
    return buffer === null ? [] : [...this.checkpoints.values()].slice(-buffer.staleness - 1);
  }

  round(number: number): Round {
    const round = this.rounds.get(number);
    if (!round) throw new Error(`There is no round ${number}.`);
    return round;
  }

  /** The cohort in client-id order (R7). */
  cohort(number: number): SealedMember[] {
    return [...(this.members.get(number)?.values() ?? [])].sort((a, b) => (a.client < b.client ? -1 : 1));
  }

  checkpoint(round: number): KeptCheckpoint {
    const checkpoint = this.checkpoints.get(round);
    if (!checkpoint) throw new Error(`There is no checkpoint of round ${round}.`);
    return checkpoint;
  }

  member(number: number, client: string): SealedMember | null {
    return this.members.get(number)?.get(client) ?? null;
  }

  facts(number: number): RoundFacts {
    return {
      run: this.run,
      round: this.round(number),
      cohort: this.cohort(number),
      committed: this.committed.length,
      released: this.released(number),
      heldOut: this.committed.flatMap(({ heldOut }) => heldOut ?? []),
    };
  }

  /** Committed rounds, oldest first. */
  get committed(): Round[] {
    return [...this.rounds.values()].filter((r) => r.phase === 'committed');
  }

  /** What rounds have released with noise, oldest first; all of them, or all but one. */
  released(but: number | null = null): RoundPrivacy[] {
    return [...this.rounds.values()].flatMap((r) => (r.round === but ? [] : (r.privacy ?? [])));
  }

  /** The newest closed rounds, newest first. */
  get past(): PastRound[] {
    return [...this.rounds.values()]
      .filter((r) => isOver(r.phase))
      .reverse()
      .slice(0, turnoutWindow);
  }

  turnout(past: readonly PastRound[]): Turnout[] {
    return past.map(({ round }) => {
      const all = this.cohort(round);
      const cohort = all.filter((m) => m.missed === 0);
      const missing = cohort.filter((m) => m.update === null && (m.left || m.late));
      return {
        cohort: cohort.length,
        updates: cohort.filter((m) => m.update !== null).length,
        missing: missing.length,
        slow: missing.filter((m) => !m.left && hasAnswered(m)).length,
        allUpdates: all.filter((m) => m.update !== null).length,
      };
    });
  }

  /** Rounds in a row that each client has missed. */
  missed(): Map<string, number> {
    const newest = new Map([...this.members.values()].flatMap((cohort) => [...cohort]));
    return new Map(
      [...newest].map(([id, m]) => [id, missedRounds({ ...m, answered: hasAnswered(m) })] as const),
    );
  }

  /** What each client's masks cost lately and how long it took, oldest first. */
  measured(round: number): Map<string, MeasuredRound[]> {
    const byClient = new Map<string, MeasuredRound[]>();
    for (const [number, cohort] of this.members) {
      if (number < round - budgetWindow) continue;
      for (const { client, cost, seconds } of cohort.values()) {
        if (cost === null || seconds === null) continue;
        byClient.set(client, [...(byClient.get(client) ?? []), { cost, time: seconds }]);
      }
    }
    return byClient;
  }

  earlierProbes(clients: readonly string[]): ReadonlyMap<string, EarlierProbe> {
    if (this.run.config.aggregation.sealing.kind === 'sealed') return commonProbes(clients, this.committed);
    const probes = new Map<string, EarlierProbe>();
    for (const { round } of this.committed) {
      for (const { client, scores, smoothed, times, steps } of this.cohort(round)) {
        if (scores && clients.includes(client))
          probes.set(client, { smoothed: smoothed ?? scores, times, steps });
      }
    }
    return probes;
  }

  earlierMasks(count: number): Masks {
    const trained = this.committed.filter((r) => r.selection?.warmUp !== true);
    const newest = count === 0 ? [] : trained.slice(-count);
    const masks = newest.flatMap(({ round }) =>
      this.cohort(round).flatMap(({ client, mask }) => (mask ? [[client, mask] as const] : [])),
    );
    return Object.fromEntries(masks);
  }

  open({ round, members, drawnFrom }: NewRound): void {
    this.draws.set(round.round, drawnFrom);
    this.rounds.set(round.round, { ...emptyRound, ...round });
    this.members.set(round.round, new Map(members.map((m) => [m.client, { ...emptyMember, ...m }])));
  }

  record(number: number, { round, members, commit }: Change): void {
    for (const [client, change] of members) this.changeMember(number, client, change);
    if (commit) {
      this.checkpoints.set(number, { round: number, layers: commit.layers, optimizer: commit.optimizer });
      this.run = {
        ...this.run,
        committedRound: number,
        ...(commit.finished ? { state: 'finished' as const, reason: commit.reason } : {}),
      };
    }
    this.changeRound(number, round);
  }

  changeRound(number: number, change: Partial<Round>): void {
    this.rounds.set(number, { ...this.round(number), ...change });
  }

  changeMember(
    number: number,
    client: string,
    change: MemberChange & { readonly sealing?: MemberSealing },
  ): void {
    const member = this.member(number, client);
    if (member) this.members.get(number)?.set(client, { ...member, ...change });
  }
}

const emptyRound = {
  sealed: null,
  candidate: null,
  optimizer: null,
  selection: null,
  history: null,
  e1: null,
  e2: null,
  agreement: null,
  covered: null,
  effectiveClients: null,
  privacy: null,
  reason: '',
  closedAt: null,
} as const;

const emptyMember = {
  sealing: null,
  claimed: null,
  stepsAsked: null,
  stepsDone: null,
  claimedEpsilon: null,
  scores: null,
  mask: null,
  update: null,
  updateBytes: null,
  updateLength: null,
  trainLoss: null,
  evaluation: null,
  left: false,
  bytesDown: 0,
  smoothed: null,
  times: null,
  steps: null,
  cost: null,
  seconds: null,
  late: false,
  given: null,
  staleness: null,
} as const;
