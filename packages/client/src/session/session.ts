import {
  type ErrorBody,
  type Hello,
  type LocalConfig,
  StrataError,
  type Told,
  type Work,
} from '@strata/fl-core/protocol';
import { backoffMs, type ControlPlane, type DataPlane, remedy, sleep, unlessAborted } from '../index.ts';
import type { SealedParty } from '../sealed/party.ts';
import { contribute, type JobStage, type LocalData, perform, type SampleGuard } from '../work/index.ts';
import { deliver } from './delivery.ts';
import { errorBody } from './error-body.ts';
import { PauseGate } from './gate.ts';
import { withAccepted, withLoss } from './history.ts';
import { Link } from './link.ts';
import { phaseOf } from './phase.ts';
import { RoundMemory } from './round-memory.ts';
import {
  type ActiveWork,
  isActive,
  isSealedTraining,
  isSealing,
  keyOf,
  roundOf,
  type SaidAnswer,
  seal,
} from './sealed-work.ts';
import type { ClientPhase, ClientSnapshot, PauseWish } from './snapshot.ts';
import type { Trainers } from './trainers.ts';

export interface SessionOptions {
  readonly hello: Hello;
  readonly local: LocalConfig;
  readonly data: LocalData;
  /** Where each sample is protected: what of them may still be told; null in other runs. */
  readonly guard: SampleGuard | null;
  /** What of the data may be told in the clear; the person's own page shows all. */
  readonly told: Told;
  readonly trainers: Trainers;
  readonly control: ControlPlane;
  readonly plane: DataPlane;
  /** This client's part in sealed rounds; asked for where there are such. */
  readonly party: () => Promise<SealedParty>;
  /** Takes every change of the state. */
  readonly update: (change: (snapshot: ClientSnapshot) => Partial<ClientSnapshot>) => void;
}

/** What is told of an error that nobody has worded: what a browser writes into one stays on the device (C5). */
const unsaid: ErrorBody = {
  code: 'internal',
  message: 'Something failed here.',
  hint: 'My person sees what.',
};
/** A Work that failed this often on this device is given up. */
const maxFailures = 3;
/** How long an answer on its way may still be acknowledged after the work has changed. */
const graceMs = 5_000;
/** How long the run as it ended may take to come. */
const lastViewMs = 10_000;
/** Live progress goes to the dashboard at most this often. */
const progressMs = 1_000;

/**
 * One client's part in a run: a loop driven by the server's answer to "what is my work?" (R9). Whatever the
 * newest {@link Work} says is done; what no longer matches it is cancelled; answers are kept until the round is
 * over and sent again as they are, so that a reconnect, a restarted server or a lost acknowledgement costs nothing.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #link: Link;
  readonly #gate = new PauseGate();
  /** Left, over, failed: nothing happens after. */
  readonly #end = new AbortController();
  readonly #memory = new RoundMemory();
  #work: Work | null = null;
  #workAt = 0;
  #job: { readonly key: string; readonly abort: AbortController } | null = null;
  #stage: JobStage | null = null;
  #pause: PauseWish = 'none';
  #progressAt = Number.NEGATIVE_INFINITY;
  /** When training stops with what is done (`local.timeBox`), by a clock that is never set back. */
  #stopAt = Number.POSITIVE_INFINITY;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#link = new Link(options.control, options.hello, {
      work: (work) => this.#receive(work),
      run: (run) => options.update(() => ({ run })),
      connected: (connected) => options.update(() => ({ connected })),
      failed: (error) => this.#finish({ kind: 'failed', error: errorBody(error) }),
    });
  }

  start(): void {
    this.#show();
    this.#link.open();
  }

  /** `now` holds the work between two batches; `after-round` lets it end (C6). */
  pause(how: 'now' | 'after-round'): void {
    this.#pause = how;
    if (how === 'now') this.#gate.close();
    else this.#gate.open();
    this.#link.wish('pause');
    this.#reconcile();
  }

  resume(): void {
    this.#pause = 'none';
    this.#gate.open();
    this.#link.wish('resume');
    this.#reconcile();
  }

  async leave(): Promise<void> {
    if (this.#end.signal.aborted) return;
    this.#job?.abort.abort(new Error('left'));
    await this.#link.goodbye();
    this.#finish({ kind: 'left' });
  }

  /** The newest answer to "what is my work?"; everything follows from it. */
  #receive(work: Work): void {
    this.#work = work;
    this.#workAt = Date.now();
    const box = work.kind === 'train' ? work.box : null;
    this.#stopAt = box === null ? Number.POSITIVE_INFINITY : performance.now() + box.stopMs;
    // Paused before the page was reloaded, and the person has not said otherwise since.
    if (this.#link.wanted === 'pause' && this.#pause === 'none') this.#pause = 'after-round';
    if (work.kind !== 'over' && work.round !== null) this.#memory.enter(work.round);
    this.#reconcile();
  }

  /** Makes what is being done equal to what is to be done. */
  #reconcile(): void {
    const work = this.#work;
    if (work?.kind === 'over' && !this.#end.signal.aborted) {
      this.#finish(phaseOf(this.#phaseInput()));
      void this.#lookBack();
    }
    const active = work !== null && isActive(work) ? work : null;
    const key = active === null ? null : keyOf(active);
    if (this.#job !== null) {
      if (this.#job.key !== key) this.#overtake(this.#job.abort);
    } else if (active !== null && key !== null && !this.#end.signal.aborted) {
      // Paused now: nothing new is begun, but an answer that is ready is not held back.
      if (!this.#gate.closed || this.#memory.answer(key) !== undefined) void this.#run(active, key);
    }
    this.#show();
  }

  /**
   * Cancels a job whose work is no longer asked for. An answer on its way is let go on for a moment: the work may
   * have changed because it arrived, and then its acknowledgement is still to come.
   */
  #overtake(job: AbortController): void {
    const reason = new Error('the work has changed');
    if (this.#stage?.kind !== 'sending') job.abort(reason);
    else setTimeout(() => job.abort(reason), graceMs);
  }

  /** Works on one Work until it is answered, overtaken or given up; then looks again what there is to do. */
  async #run(work: ActiveWork, key: string): Promise<void> {
    const abort = new AbortController();
    this.#job = { key, abort };
    const signal = AbortSignal.any([abort.signal, this.#end.signal]);
    if (work.kind === 'train') this.#options.update(() => ({ mask: work.mask }));
    let next: Work | null = null;
    let failure: unknown = null;
    try {
      while (next === null) next = await this.#attempt(work, key, signal);
    } catch (error) {
      if (!signal.aborted) failure = error;
    }
    this.#job = null;
    this.#stage = null;
    if (failure !== null) await this.#giveUp(failure);
    else if (next !== null) this.#receive(next);
    else this.#reconcile();
  }

  /**
   * Computes and delivers the answer to one Work.
   * @returns the work that follows, or null when it must be tried again.
   * @throws when cancelled, or what went wrong when that cannot be mended.
   */
  async #attempt(work: ActiveWork, key: string, signal: AbortSignal): Promise<Work | null> {
    const tries = this.#memory.tries(key);
    if (tries.begun++ > 0) await sleep(backoffMs(tries.begun - 2), signal);
    try {
      const answer = this.#memory.answer(key) ?? (await this.#compute(work, signal));
      this.#memory.keep(key, answer);
      await this.#deliver(answer, signal);
      const out = answer.kind === 'sealed' && answer.message.kind === 'out' ? answer.message.why : null;
      this.#options.update(() => ({ notice: out }));
    } catch (error) {
      signal.throwIfAborted();
      switch (remedy(error)) {
        case 'moved-on':
          break;
        case 'fatal':
          throw error;
        case 'again':
        case 'redo':
          this.#memory.drop(key);
          this.#options.trainers.forget();
          if (++tries.failed >= maxFailures) throw error;
          this.#options.update(() => ({ notice: errorBody(error) }));
          // Not a refusal: the device itself failed (lost GPU, no memory), so everything on it is made anew.
          if (!(error instanceof StrataError)) await this.#options.trainers.rebuild();
          return null;
      }
    }
    // Asked on the socket, where an answer cannot be older than a push that came before it.
    return this.#link.ask(signal);
  }

  async #compute(work: ActiveWork, signal: AbortSignal): Promise<SaidAnswer> {
    const { data, local, guard, told, trainers, party, update } = this.#options;
    const advance = (stage: JobStage) => this.#advance(work.round, stage);
    const control = {
      signal,
      gate: () => this.#gate.wait(),
      enough: () => performance.now() >= this.#stopAt,
    };
    if (isSealing(work)) {
      advance({ kind: 'sealing', fraction: 0 });
      const met = (words: string) => update(() => ({ met: { round: work.round, words } }));
      return unlessAborted(seal(await party(), work, met), signal);
    }
    if (isSealedTraining(work)) {
      const sealed = await party(); // its code may have to come first
      const using = trainers.use((bench) => {
        signal.throwIfAborted();
        return contribute(work, { ...bench, data, local, guard, told }, control, advance);
      });
      const trained = await unlessAborted(using, signal);
      if (trained.scores !== null) update(() => ({ scores: trained.scores }));
      return { kind: 'sealed', message: await sealed.ready(work, trained), before: trained.before };
    }
    const using = trainers.use((bench) => {
      signal.throwIfAborted(); // other clients may have been before this one, and the work have changed meanwhile
      return perform(work, { ...bench, data, local, guard, told }, control, advance);
    });
    const answer = await unlessAborted(using, signal);
    if (answer.kind === 'probe') this.#options.update(() => ({ scores: answer.message.scores }));
    return answer;
  }

  async #deliver(answer: SaidAnswer, signal: AbortSignal): Promise<void> {
    const { control, plane, update } = this.#options;
    const round = roundOf(answer);
    if (answer.kind === 'sealed') this.#advance(round, { kind: 'sealing', fraction: 1 });
    else {
      const kind = answer.kind === 'masked' ? 'train' : answer.kind;
      this.#advance(round, { kind: 'sending', answer: kind, fraction: 1 });
    }
    await deliver(answer, { link: this.#link, control, plane }, signal, (trouble) =>
      update(() => ({ notice: trouble?.toBody() ?? null })),
    );
    update((snapshot) => withAccepted(answer, snapshot));
  }

  /** This device cannot do the work: the others are not kept waiting (R3), the person and the operator are told. */
  async #giveUp(error: unknown): Promise<void> {
    await this.#link.goodbye(error instanceof StrataError ? error.toBody() : unsaid);
    this.#finish({ kind: 'failed', error: errorBody(error) });
  }

  /** The run as it ended: the link is closed before the view of the last commit comes by it. */
  async #lookBack(): Promise<void> {
    const run = await this.#options.plane.run(AbortSignal.timeout(lastViewMs)).catch(() => null);
    if (run !== null) this.#options.update(() => ({ run }));
  }

  #finish(phase: ClientPhase): void {
    if (this.#end.signal.aborted) return;
    this.#end.abort(new Error('the session is over'));
    this.#link.close();
    this.#options.update(() => ({ phase, connected: false, pause: 'none' }));
  }

  #advance(round: number, stage: JobStage): void {
    this.#stage = stage;
    const loss = 'loss' in stage && stage.loss !== null && Number.isFinite(stage.loss) ? stage.loss : null;
    if (stage.kind === 'training' && loss !== null) {
      this.#options.update((snapshot) => withLoss(loss, snapshot));
    }
    if ('microBatch' in stage && stage.microBatch !== undefined) {
      const notice = outOfMemory(stage.microBatch);
      this.#options.update(() => ({ notice }));
    }
    this.#show();
    const now = performance.now(); // a clock that is never set back
    if (stage.fraction > 0 && stage.fraction < 1 && now - this.#progressAt < progressMs) return;
    this.#progressAt = now;
    this.#options.control.progress({
      round,
      activity: stage.kind,
      fraction: Math.min(1, stage.fraction),
      ...(loss !== null && this.#options.told === 'figures' ? { loss } : {}),
    });
  }

  #phaseInput() {
    return { work: this.#work, workAt: this.#workAt, stage: this.#stage, pause: this.#pause };
  }

  #show(): void {
    if (this.#end.signal.aborted) return;
    const phase = phaseOf(this.#phaseInput());
    this.#options.update(() => ({ phase, pause: this.#pause }));
  }
}

const outOfMemory = ({ from, to }: { from: number; to: number }): ErrorBody => ({
  code: 'too-large',
  message: `This device ran out of memory with ${from} samples at a time.`,
  hint: `Training goes on with ${to} at a time, which takes longer.`,
});
