import { shareBehind } from '../../aggregation/index.ts';
import type { RandomWords } from '../../privacy/index.ts';
import { decodeWords, type Phase } from '../../protocol/index.ts';
import { freshness } from '../buffered/staleness.ts';
import {
  beginEvaluating,
  countedUpdates,
  type LayerPort,
  makeCandidate,
  recyclesUpdates,
} from '../candidate.ts';
import { asSent, closedFormStep, mapInRound } from '../closed-form.ts';
import { stepLayer } from '../layer-step.ts';
import { layoutFor, trainedLayers } from '../layout.ts';
import { cohortOf, type NextRound, nextRound, opening } from '../opening.ts';
import { abandoning, settling } from '../phase.ts';
import { noisedShare } from '../privacy/clip.ts';
import { withPublished } from '../privacy/figures.ts';
import { modelNoiseOf, noisedAnyway } from '../privacy/spending.ts';
import { playRound, playRun, type RoundStatus, type RoundSteps, type RunSteps, statusOf } from '../round.ts';
import { committingSealed, exchangeOf, openRound, summedUpdate } from '../sealed/index.ts';
import { choose } from '../selection/choice.ts';
import { beginTraining, chooseForRound, type SelectionPort } from '../selection/choosing.ts';
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
  /** What noise is drawn from. */
  readonly words: RandomWords;
  /** Clients that can be sampled now. */
  readonly ready: () => Client[];
  /** How many clients a layer that is trained at all must have; absent: any number. */
  readonly minimumGroup: number | undefined;
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
      settle: () => this.#step(() => this.#settle(round)),
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

  /** As one transaction, though noise is drawn in between: an answer that comes meanwhile is looked at, too. */
  async #settle(round: number): Promise<RoundStatus> {
    const { book, clock, words } = this.#world;
    const tried = () => book.cohort(round).filter((m) => m.evaluation !== null).length;
    for (;;) {
      const before = tried();
      const facts = book.facts(round);
      const change = settling(facts, clock.now);
      const published = await withPublished(facts, change, words);
      if (published === change || tried() === before) return this.#move(round, () => published);
    }
  }

  async #open(): Promise<NextRound> {
    const { book, clock, ready, onMoved } = this.#world;
    const clients = ready();
    const { past, openRound } = book;
    const next = nextRound(
      book.run,
      openRound,
      past,
      clients.length,
      book.released(),
      book.committed.length,
      clock.now,
    );
    if (next.kind === 'spent') book.run = { ...book.run, state: 'stopped', reason: next.reason };
    if (next.kind !== 'round' || openRound) return next;
    const committed = book.committed.length;
    const turnout = book.turnout(past);
    const missed = book.missed();
    const { newestMembers } = book;
    const cohort = await cohortOf(book.run, next.round, clients, committed, missed, turnout, newestMembers);
    const measured = book.measured(next.round);
    const opened = opening(book.run, next.round, cohort, committed, measured, book.released(), clock.now);
    book.open(opened);
    onMoved(next.round, opened.round.phase);
    return next;
  }

  async #select(round: number): Promise<RoundStatus> {
    const { book, clock, minimumGroup, words } = this.#world;
    const facts = book.facts(round);
    if (facts.round.phase !== 'selecting') return statusOf(facts.round);
    const port: SelectionPort = {
      earlierProbes: async (clients) => book.earlierProbes(clients),
      earlierMasks: async (count) => book.earlierMasks(count),
      historyAfter: async (number) => book.rounds.get(number)?.history ?? null,
      statesAfter: async (number) => book.rounds.get(number)?.optimizer ?? null,
      choose: async (question) => choose(question),
      words,
    };
    const choice = await chooseForRound(facts, port, minimumGroup);
    return this.#move(round, (now) => beginTraining(now, choice, clock.now));
  }

  async #aggregate(round: number): Promise<RoundStatus> {
    const { book, clock, words } = this.#world;
    const { run, round: begun, cohort } = book.facts(round);
    if (begun.phase !== 'aggregating') return statusOf(begun);
    if (run.config.aggregation.sealing.kind === 'sealed') return this.#aggregateSealed(round);
    const base = book.checkpoint(begun.baseRound);
    const updates = countedUpdates(run, cohort, book.earlier);
    const noise = modelNoiseOf(run.config, begun.privacy);
    const soFar = { candidate: begun.candidate ?? {}, optimizer: begun.optimizer };
    const recycles = recyclesUpdates(run.config);
    const map = mapInRound(run.config, begun);
    const port = this.#layerPort(round, (layer, before, state) => {
      const [sent = layer] = asSent([layer], map);
      const given = layerUpdates(book, sent, updates);
      if (map !== null && sent !== layer)
        return closedFormStep(run.config.aggregation.rule, map, before, state, given);
      return stepLayer(run.config.aggregation, layer, before, state, given, {
        share: shareBehind(updates, layer.name),
        freshness: freshness(updates, layer.name),
        recycles,
        noising: noise && { ...noise, words },
      });
    });
    const anyway = noisedAnyway(begun.privacy, trainedLayers(layoutFor(run.config), []));
    const made = await makeCandidate(run, base, soFar, updates, port, anyway);
    const clients = [...book.clients.values()].filter((c) => book.member(round, c.id));
    const share = await noisedShare(run.config, begun.privacy, cohort, words);
    return this.#move(round, (now) => beginEvaluating(now, clients, made, share, updates, clock.now));
  }

  async #aggregateSealed(round: number): Promise<RoundStatus> {
    const { book, clock } = this.#world;
    const { run, round: begun } = book.facts(round);
    const cohort = book.cohort(round);
    const base = book.checkpoint(begun.baseRound);
    const { terms } = book;
    const exchange = exchangeOf(run, round, base.layers, terms);
    const read = async (sha256: string, vector: string) => decodeWords(book.read(sha256)).get(vector)!;
    const opened = await openRound(run.config, exchange, terms, cohort, read);
    const sum = summedUpdate(opened);
    const soFar = { candidate: begun.candidate ?? {}, optimizer: begun.optimizer };
    const recycles = recyclesUpdates(run.config);
    const port = this.#layerPort(round, (layer, before, state) =>
      stepLayer(run.config.aggregation, layer, before, state, sum.updatesOf(layer.name), {
        share: sum.shareBehind(layer.name),
        recycles,
        noising: null,
      }),
    );
    const made = await makeCandidate(run, base, soFar, sum.counted, port);
    return this.#move(round, (now) => committingSealed(now, made, opened.result, clock.now));
  }

  #layerPort(round: number, step: LayerPort['step']): LayerPort {
    const { book } = this.#world;
    return {
      room: 0, // a layer at a time, so that a crash may come between any two
      together: (_layers, work) => work(),
      step,
      read: async (sha256) => book.read(sha256),
      write: (bytes) => book.write(bytes),
      keep: async (make) => {
        const kept = await make();
        await this.#point();
        book.changeRound(round, kept);
        return kept;
      },
      refused: async () => {},
    };
  }
}
