import { cryptoWords, type RandomWords } from '../../privacy/index.ts';
import {
  type Evaluated,
  type Hello,
  type Phase,
  type Probed,
  type RunCommand,
  type RunConfig,
  saidTo,
  type Work,
} from '../../protocol/index.ts';
import {
  checkReady,
  type Exchange,
  type Plan,
  type Ready,
  type Released,
  type Shared,
} from '../../sealing/index.ts';
import {
  checkUpdate,
  countedBefore,
  evaluationOf,
  isNewAnswer,
  layersToSend,
  type Place,
  placeIn,
  probeOf,
  type TakenUpdate,
  updateOf,
} from '../answers.ts';
import { checkSent, mapInRound } from '../closed-form.ts';
import { layoutFor } from '../layout.ts';
import { isReady } from '../opening.ts';
import { waking } from '../phase.ts';
import { commandMoves, stoppedRunReason, wrongState } from '../run-state.ts';
import {
  checkMaskedFile,
  checkReleasedOf,
  checkSharedOf,
  exchangeOf,
  planOf,
  readyOf,
  type SealedWork,
  sealedPhaseOf,
  sealedWorkOf,
  sharersOf,
} from '../sealed/index.ts';
import type { Client, Layers, MemberChange, MemberSealing } from '../types.ts';
import type { TimedPhase } from '../verdict.ts';
import { estimateWindow, workOf } from '../work.ts';
import { Book, type BookContents } from './book.ts';
import { Clock } from './clock.ts';
import { Mail } from './mail.ts';
import { Player, phaseTopic, wakeTopic } from './player.ts';
import { updateFileOf } from './updates.ts';

interface RunManners {
  /** How long a client without a connection still belongs to its round. */
  readonly graceMs?: number;
  readonly everyStepTwice?: boolean;
  /** m: each layer is trained by nobody or by at least so many clients. */
  readonly minimumGroup?: number | undefined;
  /** What the noise of differential privacy is drawn from; the system's generator when absent. */
  readonly words?: RandomWords;
}

export interface MemoryRunOptions extends RunManners {
  readonly id?: string;
  readonly config: RunConfig;
  /** Layers of the model that the run starts from, as safetensors. */
  readonly initial: ReadonlyMap<string, Uint8Array>;
}

/** A run at a moment at which nobody was away for a while, to be kept outside of the process. */
export interface KeptRun {
  readonly book: BookContents;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly connected: ReadonlySet<string>;
}

/** A round that has entered a phase. */
export interface Moved {
  readonly round: number;
  readonly phase: Phase;
}

/**
 * A whole run in one process: no database, no socket, no waiting. The rules are those of the server; this is the
 * second place that plays them. Time passes by {@link advance}; what a client does takes effect at once.
 */
export class MemoryRun {
  readonly book: Book;
  readonly clock: Clock;
  /** Every phase that a round has entered, in order. */
  readonly moves: Moved[] = [];
  readonly #mail: Mail;
  readonly #graceMs: number;
  readonly #everyStepTwice: boolean;
  readonly #minimumGroup: number | undefined;
  readonly #words: RandomWords;
  #player: Player;
  /** Connected clients, and those away with what ends their grace; forgotten in a crash. */
  #connected = new Set<string>();
  #away = new Map<string, () => void>();

  private constructor(
    book: Book,
    clock: Clock,
    { graceMs = 30_000, everyStepTwice = false, minimumGroup, words = cryptoWords() }: RunManners,
  ) {
    this.book = book;
    this.clock = clock;
    this.#mail = new Mail(clock);
    this.#graceMs = graceMs;
    this.#everyStepTwice = everyStepTwice;
    this.#minimumGroup = minimumGroup;
    this.#words = words;
    this.#player = this.#newPlayer();
  }

  static async create(options: MemoryRunOptions): Promise<MemoryRun> {
    const run = new MemoryRun(new Book(options.id ?? 'run', options.config), new Clock(), options);
    const layers: Layers = {};
    for (const [name, bytes] of options.initial) layers[name] = await run.book.write(bytes);
    run.book.checkpoints.set(0, { round: 0, layers, optimizer: null });
    return run;
  }

  /** The run as it is, to go on with {@link MemoryRun.resume}; what it holds is shared, not copied. */
  get kept(): KeptRun {
    return { book: this.book.contents, now: this.clock.now, connected: this.#connected };
  }

  /** Goes on where a run was kept, with the same clients connected, as if there had been no break. */
  static async resume({ book, now, connected }: KeptRun, manners: RunManners = {}): Promise<MemoryRun> {
    const run = new MemoryRun(Book.of(book), new Clock(now), manners);
    for (const id of connected) run.#connected.add(id);
    if (run.book.run.state !== 'draft') run.#player.start();
    await run.quiet();
    return run;
  }

  /** Whether the player has crashed. */
  get crashed(): boolean {
    return this.#player.state === 'dead';
  }

  get connected(): ReadonlySet<string> {
    return this.#connected;
  }

  /** Returns when everything that could happen without time passing has happened. */
  quiet(): Promise<void> {
    return this.#player.quiet();
  }

  async advance(seconds: number): Promise<void> {
    const end = this.clock.now + 1000 * seconds;
    do await this.quiet();
    while (this.clock.step(end));
    await this.quiet();
  }

  /** The operator's command. Throws `wrong-state`. */
  async command(command: RunCommand['command']): Promise<void> {
    const { from, to } = commandMoves[command];
    const { state } = this.book.run;
    if (!from.some((s) => s === state)) throw wrongState(state, command);
    const reason = command === 'stop' ? stoppedRunReason : this.book.run.reason;
    this.book.run = { ...this.book.run, state: to, reason };
    await this.#look();
  }

  /** The client connects and introduces itself. */
  async hello(id: string, hello: Hello): Promise<Work> {
    this.#away.get(id)?.();
    this.#away.delete(id);
    this.#connected.add(id);
    const known = this.book.clients.get(id);
    const said = saidTo(this.book.run.config.aggregation.sealing, hello);
    const paused = known?.paused ?? false;
    // Nobody is there who could let anybody in: who comes is.
    this.book.clients.set(id, { id, hello: said, paused, left: false, awaitsApproval: false });
    await this.#look();
    return this.work(id);
  }

  /** The client's connection breaks; after the grace period it counts as having left. */
  drop(id: string): void {
    if (this.#connected.delete(id)) this.#goAway(id);
  }

  async leave(id: string): Promise<void> {
    this.#connected.delete(id);
    this.#away.get(id)?.();
    this.#away.delete(id);
    await this.#gone(id);
  }

  async pause(id: string, paused: boolean): Promise<void> {
    const client = this.book.clients.get(id);
    if (client) this.book.clients.set(id, { ...client, paused });
    await this.#look();
  }

  /** Throws as the server: `wrong-round`, `wrong-phase`, `not-in-cohort`, `wrong-scores`. */
  async probed(id: string, probed: Probed): Promise<void> {
    await this.#take(id, 'probing', probed.round, probeOf(this.book.run.config, id, probed));
  }

  /** Throws `wrong-round`, `wrong-phase`, `not-in-cohort`. */
  async evaluated(id: string, evaluated: Evaluated): Promise<void> {
    await this.#take(id, 'evaluating', evaluated.round, evaluationOf(evaluated));
  }

  /** Throws every code of R5. */
  async update(id: string, round: number, bytes: Uint8Array): Promise<TakenUpdate> {
    const before = countedBefore(this.#place(id, round));
    if (before) return before;
    const { config } = this.book.run;
    const asked = this.#place(id, round);
    const layers = layersToSend(config, asked.round, asked.member);
    const file = updateFileOf(bytes);
    const metadata = await checkUpdate(file, layers);
    const map = mapInRound(config, asked.round);
    if (map !== null) checkSent(map, bytes);
    const blob = await this.book.write(bytes);
    const place = this.#place(id, round); // again: the phase may have ended meanwhile
    const meanwhile = countedBefore(place);
    if (meanwhile) return meanwhile;
    this.book.changeMember(
      place.round.round,
      id,
      updateOf(this.book.run.config, place, { ...blob, squares: file.squares }, metadata, this.clock.now),
    );
    await this.#look();
    return { ...blob, duplicate: false };
  }

  /** What a member of a sealed round is asked for beside its work; null where that is nothing. */
  sealedWork(id: string): SealedWork | null {
    const { openRound, run, terms } = this.book;
    const member = openRound && this.book.member(openRound.round, id);
    if (openRound === null || member === null) return null;
    if (run.config.aggregation.sealing.kind === 'open') return null;
    const { round } = openRound;
    return sealedWorkOf(
      sealedPhaseOf(this.#exchange(round), terms, this.book.cohort(round)),
      openRound,
      member,
    );
  }

  /** A member of a sealed round has trained. Throws as `readyOf`, and every code of R3 and R4. */
  async ready(id: string, round: number, ready: Ready): Promise<void> {
    if (!isNewAnswer(this.#place(id, round), 'training')) return;
    const { book } = this;
    const exchange = this.#exchange(round);
    await checkReady(exchange, ready);
    // the phase may have ended meanwhile, and others may be ready
    if (!isNewAnswer(this.#place(id, round), 'training')) return;
    const place = this.#place(id, round);
    const { config } = book.run;
    const change = readyOf(config, book.terms, place, book.cohort(round), ready, this.clock.now);
    book.changeMember(round, id, { ...change, sealing: { ready, shared: null, released: null } });
    await this.#look();
  }

  /** Throws as `checkSharedOf`. */
  async shared(id: string, round: number, shared: Shared): Promise<void> {
    if (!isNewAnswer(this.#place(id, round), 'sealing')) return;
    checkSharedOf(this.#plan(round), this.#place(id, round), shared);
    await this.#take(id, 'sealing', round, { sealing: this.#said(id, round, { shared }) });
  }

  /** The masked words of a member, as I32 safetensors. Throws as `checkMaskedFile`. */
  async masked(id: string, round: number, bytes: Uint8Array): Promise<void> {
    if (!isNewAnswer(this.#place(id, round), 'uploading')) return;
    const { header } = updateFileOf(bytes);
    checkMaskedFile(this.#plan(round), sharersOf(this.book.cohort(round)), id, header);
    const { sha256 } = await this.book.write(bytes);
    await this.#take(id, 'uploading', round, { update: sha256, updateBytes: bytes.byteLength });
  }

  /** Throws as `checkReleasedOf`. */
  async released(id: string, round: number, released: Released): Promise<void> {
    if (!isNewAnswer(this.#place(id, round), 'unmasking')) return;
    checkReleasedOf(this.#place(id, round), released);
    await this.#take(id, 'unmasking', round, { sealing: this.#said(id, round, { released }) });
  }

  #said(id: string, round: number, more: Partial<MemberSealing>): MemberSealing {
    const sealing = this.book.member(round, id)?.sealing;
    if (!sealing) throw new Error(`${id} shares no keys in this round.`); // then its answer is none of this phase
    return { ...sealing, ...more };
  }

  #exchange(round: number): Exchange {
    const { run, terms } = this.book;
    return exchangeOf(run, round, this.book.checkpoint(this.book.round(round).baseRound).layers, terms);
  }

  #plan(round: number): Plan {
    return planOf(this.#exchange(round), this.book.cohort(round));
  }

  /** "What is my work?" (R9). */
  work(id: string): Work {
    const { book } = this;
    const { run, newestRound } = book;
    const client = book.clients.get(id);
    if (!client) throw new Error(`There is no client ${id}.`);
    const { round, layers } = book.checkpoint(run.committedRound);
    return workOf({
      run,
      layout: layoutFor(run.config),
      client,
      round: newestRound,
      member: newestRound && book.member(newestRound.round, id),
      sealed: this.sealedWork(id),
      checkpoint: { round, layers },
      earlier: new Map(
        book.earlier.map((model) => [model.round, { round: model.round, layers: model.layers }]),
      ),
      committed: book.committed.length,
      ready: this.#ready().length,
      pastSeconds: book.committed
        .slice(-estimateWindow)
        .map((r) => Math.max(0, (r.closedAt ?? r.openedAt).getTime() - r.openedAt.getTime()) / 1000),
      now: this.clock.now,
    });
  }

  /** The player ends in mid-work after `points` more points; see {@link Player}. */
  crashAfter(points: number): void {
    this.#player.crashAfter(points);
  }

  /**
   * The process ends (if it has not) and starts again: everybody who had not left is away, and grace begins (R9).
   * @param clockBack seconds that the clock is set back by meanwhile; while a process lives its clock never is.
   */
  async restart(clockBack = 0): Promise<void> {
    this.#player.kill();
    this.clock.setBack(clockBack);
    this.#connected.clear();
    for (const cancel of this.#away.values()) cancel();
    this.#away.clear();
    for (const { id, left } of this.book.clients.values()) if (!left) this.#goAway(id);
    this.#player = this.#newPlayer();
    if (this.book.run.state !== 'draft') this.#player.start();
    await this.quiet();
  }

  #newPlayer(): Player {
    const { book, clock, moves } = this;
    const ready = () => this.#ready();
    const onMoved = (round: number, phase: Phase) => moves.push({ round, phase });
    const { minimumGroup, words } = { minimumGroup: this.#minimumGroup, words: this.#words };
    return new Player(
      { book, clock, mail: this.#mail, ready, onMoved, minimumGroup, words },
      this.#everyStepTwice,
    );
  }

  #ready(): Client[] {
    return [...this.book.clients.values()].filter(
      (c) => this.#connected.has(c.id) && isReady(c, this.book.run.config),
    );
  }

  #goAway(id: string): void {
    const end = this.clock.now + this.#graceMs;
    const cancel = this.clock.at(end, () => {
      this.#away.delete(id);
      void this.#gone(id);
    });
    this.#away.set(id, cancel);
  }

  /** The client is gone for this round, and until it says hello again for later ones too. */
  #gone(id: string): Promise<void> {
    const client = this.book.clients.get(id);
    if (client) this.book.clients.set(id, { ...client, left: true });
    const round = this.book.openRound;
    if (round) this.book.changeMember(round.round, id, { left: true });
    return this.#look();
  }

  #place(id: string, round: number): Place {
    const { newestRound, run } = this.book;
    const member = newestRound && this.book.member(newestRound.round, id);
    return placeIn(newestRound, round, id, member, run.config.cohort);
  }

  async #take(
    id: string,
    phase: TimedPhase,
    round: number,
    answer: MemberChange & { readonly sealing?: MemberSealing },
  ): Promise<void> {
    if (!isNewAnswer(this.#place(id, round), phase)) return;
    this.book.changeMember(round, id, answer);
    await this.#look();
  }

  /** R3: every event is looked at. */
  async #look(): Promise<void> {
    if (this.crashed) return;
    const { openRound, run } = this.book;
    const open = openRound && { round: openRound, cohort: this.book.cohort(openRound.round) };
    const woken = waking(run, open, this.#ready().length, this.clock.now);
    if (woken?.kind === 'round') {
      this.#mail.send(phaseTopic(woken.round, woken.phase), woken.key);
    } else if (woken?.kind === 'run') {
      if (this.#player.state === 'new') this.#player.start();
      else this.#mail.send(wakeTopic);
    }
    await this.quiet();
  }
}
