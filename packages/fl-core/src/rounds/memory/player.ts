import type { Phase } from '../../protocol/index.ts';
import { beginEvaluating, countedUpdates, makeCandidate, stepLayer } from '../candidate.ts';
import { cohortOf, type NextRound, nextRound, opening } from '../opening.ts';
import { abandoning, settling } from '../phase.ts';
import { playRound, playRun, type RoundStatus, type RoundSteps, type RunSteps, statusOf } from '../round.ts';
import { choose } from '../selection/choice.ts';
import { beginTraining, chooseForRound } from '../selection/choosing.ts';
import type { Change, Client, RoundFacts } from '../types.ts';
import { isOver, type TimedPhase } from '../verdict.ts';
import type { Book } from './book.ts';
import type { Clock } from './clock.ts';
import type { Mail } from './mail.ts';
import { layerUpdates } from './updates.ts';

export const wakeTopic = 'wake';
export const phaseTopic = (round: number, phase: TimedPhase): string => `${round}:${phase}`;

/** What a player works with; all but `ready` outlives it. */
export interface PlayerWorld {
  readonly book: Book;
  readonly clock: Clock;
  readonly mail: Mail;
  /** Clients that can be sampled now. */
  readonly ready: () => Client[];
  /** Called when a round has entered a phase, at once. */
  readonly onMoved: (round: number, phase: Phase) => void;
}

type PlayerState = 'new' | 'alive' | 'over' | 'dead';

const never = <T>(): Promise<T> => new Promise(() => {});

/**
 * Plays a run over a book, from a start to its end or to a crash: {@link playRun} with steps that are each a few
 * synchronous lines. A crash is at a given point before or after a step, or between two layers of a candidate; what
 * was recorded until then stays.
 */
export class Player {
  readonly #world: PlayerWorld;
  readonly #everyStepTwice: boolean;
  /** Points that are still passed before the crash; null: none is planned. */
  #pointsLeft: number | null = null;
  #state: PlayerState = 'new';
  #failure: unknown = null;
  #whenQuiet: (() => void)[] = [];

  /** @param everyStepTwice as if there were a crash after each step: it runs again and must change nothing more. */
  constructor(world: PlayerWorld, everyStepTwice: boolean) {
    this.#world = world;
    this.#everyStepTwice = everyStepTwice;
  }

  get state(): PlayerState {
    return this.#state;
  }

  start(): void {
    this.#state = 'alive';
    playRun(this.#runSteps())
      .catch((error: unknown) => {
        this.#failure = error;
      })
      .finally(() => this.#become('over'));
  }

  /** Crashes after `points` more points. */
  crashAfter(points: number): void {
    this.#pointsLeft = points;
  }

  kill(): void {
    this.#world.mail.forgetWaiter();
    this.#become('dead');
  }

  /** Resolves when the player is not at work: it waits for a message or a deadline, or is over or dead. Throws what ended it. */
  async quiet(): Promise<void> {
    while (this.#state === 'alive' && !this.#world.mail.awaited) {
      await new Promise<void>((resolve) => this.#whenQuiet.push(resolve));
    }
    if (this.#failure !== null) throw this.#failure;
  }

  #become(state: 'over' | 'dead'): void {
    if (this.#state !== 'dead') this.#state = state;
    this.#tellQuiet();
  }

  #tellQuiet(): void {
    const waiting = this.#whenQuiet;
    this.#whenQuiet = [];
    for (const resume of waiting) resume();
  }

  #runSteps(): RunSteps {
    return {
      open: () => this.#step(() => this.#open()),
      wait: (seconds) => this.#wait(wakeTopic, this.#world.clock.now + 1000 * seconds),
      play: async (round) => {
        await playRound(this.#roundSteps(round));
      },
      fail: async (error) => {
        throw error; // nothing in memory fails for a reason of its own
      },
    };
  }

  #roundSteps(round: number): RoundSteps {
    const { book, clock } = this.#world;
    return {
      settle: () => this.#step(() => this.#move(round, (facts) => settling(facts, clock.now))),
      wait: (phase, deadline) => this.#wait(phaseTopic(round, phase), deadline),
      select: () => this.#step(() => this.#select(round)),
      aggregate: () => this.#step(() => this.#aggregate(round)),
      fail: (phase, error) =>
        this.#step(() =>
          this.#move(round, () => {
            const reason = error instanceof Error ? error.message : String(error);
            if (isOver(book.round(round).phase)) return null;
            return abandoning(book.round(round), `${phase} failed: ${reason}`, clock.now);
          }),
        ),
    };
  }

  async #step<T>(work: () => T | Promise<T>): Promise<T> {
    await this.#point();
    const result = await work();
    await this.#point();
    return this.#everyStepTwice ? work() : result;
  }

  /** Where a crash may be. */
  async #point(): Promise<void> {
    if (this.#pointsLeft !== null && this.#pointsLeft-- === 0) this.kill();
    if (this.#state !== 'alive') await never();
  }

  async #wait(topic: string, deadline: number): Promise<void> {
    const message = this.#world.mail.receive(topic, deadline);
    if (this.#world.mail.awaited) this.#tellQuiet();
    await message;
    await this.#point();
  }

  /** One transaction: what `decide` says of the round is recorded as a whole. */
  #move(round: number, decide: (facts: RoundFacts) => Change | null): RoundStatus {
    const { book, onMoved } = this.#world;
    const facts = book.facts(round);
    const change = decide(facts);
    if (change) {
      book.record(round, change);
      if (change.round.phase !== facts.round.phase) onMoved(round, change.round.phase);
    }
    return statusOf(book.round(round));
  }

  async #open(): Promise<NextRound> {
    const { book, clock, ready, onMoved } = this.#world;
    const clients = ready();
    const { past, openRound } = book;
    const next = nextRound(book.run, openRound, past, clients.length, clock.now);
    if (next.kind !== 'round' || openRound) return next;
    const cohort = await cohortOf(book.run, next.round, clients, book.missed(), book.turnout(past));
    const measured = book.measured(next.round);
    const opened = opening(book.run, next.round, cohort, book.committed.length, measured, clock.now);
    book.open(opened);
    onMoved(next.round, opened.round.phase);
    return next;
  }

  async #select(round: number): Promise<RoundStatus> {
    const { book, clock } = this.#world;
    const facts = book.facts(round);
    if (facts.round.phase !== 'selecting') return statusOf(facts.round);
    const choice = await chooseForRound(facts, {
      earlierProbes: async (clients) => book.earlierProbes(clients),
      earlierMasks: async (count) => book.earlierMasks(count),
      historyAfter: async (number) => book.rounds.get(number)?.history ?? null,
      choose: async (question) => choose(question),
    });
    return this.#move(round, (now) => beginTraining(now, choice, clock.now));
  }

  async #aggregate(round: number): Promise<RoundStatus> {
    const { book, clock } = this.#world;
    const { run, round: begun, cohort } = book.facts(round);
    if (begun.phase !== 'aggregating') return statusOf(begun);
    const base = book.checkpoint(begun.baseRound);
    const updates = countedUpdates(run, cohort);
    const soFar = { candidate: begun.candidate ?? {}, optimizer: begun.optimizer };
    const made = await makeCandidate(run, base, soFar, updates, {
      room: 0, // a layer at a time, so that a crash may come between any two
      step: (layer, before, state) =>
        stepLayer(run.config.aggregation, layer, before, state, layerUpdates(book, layer, updates)),
      read: async (sha256) => book.read(sha256),
      write: (bytes) => book.write(bytes),
      keep: async (make) => {
        const kept = await make();
        await this.#point();
        book.changeRound(round, kept);
        return kept;
      },
      refused: async () => {},
    });
    const clients = [...book.clients.values()].filter((c) => book.member(round, c.id));
    return this.#move(round, (now) => beginEvaluating(now, clients, made, clock.now));
  }
}
