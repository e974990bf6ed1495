import type { Evaluated, Hello, Phase, Probed, RunCommand, RunConfig, Work } from '../../protocol/index.ts';
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
import { layoutFor } from '../layout.ts';
import { isReady } from '../opening.ts';
import { waking } from '../phase.ts';
import { commandMoves, stoppedRunReason, wrongState } from '../run-state.ts';
import type { Client, Layers, MemberChange } from '../types.ts';
import type { TimedPhase } from '../verdict.ts';
import { estimateWindow, workOf } from '../work.ts';
import { Book } from './book.ts';
import { Clock } from './clock.ts';
import { Mail } from './mail.ts';
import { Player, phaseTopic, wakeTopic } from './player.ts';
import { updateFileOf } from './updates.ts';

export interface MemoryRunOptions {
  readonly id?: string;
  readonly config: RunConfig;
  /** Layers of the model that the run starts from, as safetensors. */
  readonly initial: ReadonlyMap<string, Uint8Array>;
  /** How long a client without a connection still belongs to its round. */
  readonly graceMs?: number;
  readonly everyStepTwice?: boolean;
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
  readonly clock = new Clock();
  /** Every phase that a round has entered, in order. */
  readonly moves: Moved[] = [];
  readonly #mail = new Mail(this.clock);
  readonly #graceMs: number;
  readonly #everyStepTwice: boolean;
  #player: Player;
  /** Connected clients, and those away with what ends their grace; forgotten in a crash. */
  #connected = new Set<string>();
  #away = new Map<string, () => void>();

  private constructor({ id = 'run', config, graceMs = 30_000, everyStepTwice = false }: MemoryRunOptions) {
    this.book = new Book(id, config);
    this.#graceMs = graceMs;
    this.#everyStepTwice = everyStepTwice;
    this.#player = this.#newPlayer();
  }

  static async create(options: MemoryRunOptions): Promise<MemoryRun> {
    const run = new MemoryRun(options);
    const layers: Layers = {};
    for (const [name, bytes] of options.initial) layers[name] = await run.book.write(bytes);
    run.book.checkpoints.set(0, { round: 0, layers, optimizer: null });
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
    this.book.clients.set(id, { id, hello, paused: known?.paused ?? false, left: false });
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
    const layers = layersToSend(this.book.run.config, this.#place(id, round).member);
    const metadata = await checkUpdate(updateFileOf(bytes), layers);
    const blob = await this.book.write(bytes);
    const place = this.#place(id, round); // again: the phase may have ended meanwhile
    const meanwhile = countedBefore(place);
    if (meanwhile) return meanwhile;
    this.book.changeMember(round, id, updateOf(place, blob, metadata, this.clock.now));
    await this.#look();
    return { ...blob, duplicate: false };
  }

  /** "What is my work?" (R9). */
  work(id: string): Work {
    const { book } = this;
    const { run, openRound } = book;
    const client = book.clients.get(id);
    if (!client) throw new Error(`There is no client ${id}.`);
    const { round, layers } = book.checkpoint(run.committedRound);
    return workOf({
      run,
      layout: layoutFor(run.config),
      client,
      round: openRound,
      member: openRound && book.member(openRound.round, id),
      checkpoint: { round, layers },
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
    return new Player({ book, clock, mail: this.#mail, ready, onMoved }, this.#everyStepTwice);
  }

  #ready(): Client[] {
    return [...this.book.clients.values()].filter((c) => this.#connected.has(c.id) && isReady(c));
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
    const { openRound } = this.book;
    return placeIn(openRound, round, id, this.book.member(round, id));
  }

  async #take(id: string, phase: TimedPhase, round: number, answer: MemberChange): Promise<void> {
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
