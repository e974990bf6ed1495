import { type RunConfig, type RunConfigInput, StrataError } from '../../protocol/index.ts';
import { type Random, random } from '../../random.ts';
import { strategyNamed } from '../../selection/index.ts';
import type { MemoryRun } from '../memory/run.ts';
import { testConfig, tinyModel } from './config.ts';
import { type Answer, hello, honestAnswer, memoryRun, updateBytes } from './crew.ts';
import { Invariants } from './invariants.ts';

/** Codes with which an answer that comes late, twice or damaged may be refused; every other error is a fault. */
const refusals = [
  'wrong-round',
  'too-stale',
  'unavailable', // no buffer takes it just now
  'wrong-phase',
  'not-in-cohort',
  'wrong-scores',
  'bad-safetensors',
  'wrong-layers',
];
/** Answers on their way; beyond these the oldest is lost. */
const mostUnderWay = 8;
const mostOld = 40;

type Operation = (life: RandomLife) => Promise<void>;

/**
 * A run to which anything may happen, drawn from a seed: clients join, leave, drop and come back, their answers are
 * late, doubled, damaged and out of order, some never answer, the operator pauses and resumes, the server crashes and starts again.
 */
export class RandomLife {
  readonly run: MemoryRun;
  /** What was done, to print when it fails. */
  readonly log: string[] = [];
  readonly #rng: Random;
  readonly #invariants: Invariants;
  #underWay: Answer[] = [];
  /** Connected at times, and never at work until everybody is well again. */
  readonly #silent: ReadonlySet<string>;
  /** Answers of the newest rounds, each sent or lost before. */
  readonly #old: Answer[] = [];

  private constructor(run: MemoryRun, rng: Random) {
    this.run = run;
    this.#rng = rng;
    this.#invariants = new Invariants(run);
    this.#silent = new Set(['c5', 'c6'].slice(0, Math.max(0, rng.below(4) - 1)));
  }

  static async begin(seed: number): Promise<RandomLife> {
    const rng = random(seed, 'life');
    const run = await memoryRun({
      config: randomConfig(seed, rng),
      graceMs: 4000,
      everyStepTwice: rng.below(4) === 0,
    });
    const life = new RandomLife(run, rng);
    await run.command('start');
    return life;
  }

  /** Does one thing and checks what must be true after it. */
  async step(): Promise<void> {
    if (this.run.crashed) await this.#do('restart', () => this.run.restart());
    else {
      const [name, operation] = this.#draw();
      await this.#do(name, () => operation(this));
    }
    this.#invariants.check();
  }

  /** Everybody is back and honest: the run must get on by another round, unless it is over. */
  async recover(): Promise<void> {
    if (this.run.crashed) await this.run.restart();
    if (this.run.book.run.state === 'paused') await this.run.command('resume');
    await this.#everybodyJoins();
    const { committedRound } = this.run.book.run;
    for (let n = 0; n < 100; n++) {
      if (this.run.crashed) {
        await this.run.restart();
        await this.#everybodyJoins();
      }
      const { state, committedRound: now } = this.run.book.run;
      if (state !== 'running' || now > committedRound) return;
      for (const { id } of this.run.book.clients.values()) {
        const answer = honestAnswer(this.run, id);
        if (answer) await this.#send(answer);
        this.#invariants.check();
      }
      if (!this.run.book.openRound) await this.run.advance(1);
      this.#invariants.check();
    }
    throw new Error('Broken: R12: the run does not get on');
  }

  async #everybodyJoins(): Promise<void> {
    for (let n = 1; n <= 6; n++) await this.#join(`c${n}`);
    this.#invariants.check();
  }

  async #do(name: string, work: () => Promise<void>): Promise<void> {
    this.log.push(name);
    await work();
  }

  #draw(): [string, Operation] {
    let at = this.#rng.below(operations.reduce((n, [weight]) => n + weight, 0));
    for (const [weight, name, operation] of operations) {
      if (at < weight) return [name, operation];
      at -= weight;
    }
    throw new Error('no operation was drawn');
  }

  #someone(): string {
    return `c${1 + this.#rng.below(6)}`;
  }

  async #join(id: string): Promise<void> {
    await this.run.hello(id, hello(id, { heldOut: id === 'c2' ? 0 : 4 }));
    await this.run.pause(id, false);
  }

  static readonly join: Operation = (life) => life.#join(life.#someone());

  static readonly leave: Operation = async (life) => {
    const id = life.#someone();
    if (life.run.book.clients.has(id)) await life.run.leave(id);
  };

  static readonly drop: Operation = async (life) => life.run.drop(life.#someone());

  static readonly pauseClient: Operation = (life) =>
    life.run.pause(life.#someone(), life.#rng.below(2) === 0);

  /** Somebody who is asked for something does it; the answer is under way. */
  static readonly work: Operation = async (life) => {
    for (const id of life.#rng.shuffle([...life.run.connected])) {
      if (life.#silent.has(id)) continue;
      const send = honestAnswer(life.run, id);
      if (!send) continue;
      life.#underWay.push(send);
      life.#old.push(send);
      if (life.#old.length > mostOld) life.#old.shift();
      if (life.#underWay.length > mostUnderWay) life.#underWay.shift();
      return;
    }
  };

  /** Any answer under way arrives, whatever was sent before it; sometimes it will arrive again. */
  static readonly deliver: Operation = async (life) => {
    const at = life.#rng.below(Math.max(1, life.#underWay.length));
    const answer = life.#underWay[at];
    if (!answer) return;
    if (life.#rng.below(4) > 0) life.#underWay.splice(at, 1);
    await life.#send(answer);
  };

  /** An answer of long ago arrives, for the first or for another time. */
  static readonly late: Operation = async (life) => {
    const answer = life.#old[life.#rng.below(Math.max(1, life.#old.length))];
    if (answer) await life.#send(answer);
  };

  /** An update with other layers than the mask, or cut off. */
  static readonly damaged: Operation = async (life) => {
    for (const id of life.run.connected) {
      const work = life.run.work(id);
      if (work.kind !== 'train') continue;
      const train = life.#rng.below(2) === 0 ? [...work.train, 'embed'] : work.train.slice(1);
      // Of a head that is computed these are not the sums that are asked for.
      const bytes = updateBytes(life.run, id, { ...work, train, method: { kind: 'steps', epochs: 1 } });
      const cut = life.#rng.below(3) === 0 ? bytes.slice(0, -4) : bytes;
      await life.#send(() => life.run.update(id, work.round, cut), true);
      return;
    }
  };

  static readonly time: Operation = (life) => life.run.advance(10 ** (life.#rng.uniform() * 3 - 2));

  /** While the server is down, its clock may be set back. */
  static readonly restart: Operation = (life) => life.run.restart(life.#rng.below(3) === 0 ? 3600 : 0);

  /** The server will crash somewhere in its next steps. */
  static readonly crash: Operation = async (life) => life.run.crashAfter(life.#rng.below(12));

  static readonly pauseRun: Operation = async (life) => {
    if (life.run.book.run.state === 'running') await life.run.command('pause');
  };

  static readonly resumeRun: Operation = async (life) => {
    if (life.run.book.run.state === 'paused') await life.run.command('resume');
  };

  async #send(send: Answer, mustFail = false): Promise<void> {
    try {
      await send();
    } catch (error) {
      if (error instanceof StrataError && refusals.includes(error.code)) return;
      throw error;
    }
    if (mustFail) throw new Error('Broken: R5: a damaged update was taken');
  }
}

const operations: readonly (readonly [weight: number, name: string, operation: Operation])[] = [
  [8, 'join', RandomLife.join],
  [1, 'leave', RandomLife.leave],
  [2, 'drop', RandomLife.drop],
  [1, 'pause a client', RandomLife.pauseClient],
  [30, 'work', RandomLife.work],
  [30, 'deliver', RandomLife.deliver],
  [8, 'late', RandomLife.late],
  [3, 'damaged', RandomLife.damaged],
  [5, 'time', RandomLife.time],
  [1, 'restart', RandomLife.restart],
  [1, 'crash', RandomLife.crash],
  [1, 'pause the run', RandomLife.pauseRun],
  [5, 'resume the run', RandomLife.resumeRun],
];

const isComputed = (warmUp: { readonly kind?: string | undefined } | undefined) =>
  warmUp?.kind === 'closed-form';

function randomConfig(seed: number, rng: Random) {
  const one = <T>(...choices: readonly T[]): T => choices[rng.below(choices.length)]!;
  const strategy = one<RunConfigInput['strategy']>(
    { name: 'strata', lambda: 1 },
    { name: 'strata', lambda: 0 },
    { name: 'top' },
    { name: 'random' },
    { name: 'round-robin' },
    { name: 'gradient-norm' },
    { name: 'adagrad-select' },
    { name: 'fedluar' },
  );
  const purpose = one<RunConfigInput['purpose'] & {}>(
    { kind: 'test', sampling: seed },
    { kind: 'test' },
    { kind: 'study' },
  );
  const warmUp = one<NonNullable<NonNullable<RunConfigInput['local']>['head']>['warmUp']>(
    { rounds: 0 },
    { rounds: 0 },
    { rounds: 2, epochs: 3 },
    { kind: 'closed-form', rounds: one(1, 2), every: one(0, 2, 4) },
  );
  const aggregation = one<RunConfigInput['aggregation'] & {}>(
    {},
    {},
    { rule: { name: 'median' } },
    { rule: { name: 'krum', byzantine: 0 } },
    { optimizer: { name: 'fedadam' } },
    { participation: 'share' },
    { participation: 'harmonic' },
  );
  const config = testConfig({
    model: tinyModel,
    side: 8,
    seed,
    strategy,
    rounds: one(10, 1000),
    deadlines: { probing: 5, training: 6, evaluating: 5 },
    purpose,
    cohort: {
      goal: one(3, 4),
      minimum: purpose.kind === 'study' ? 3 : one(1, 2, 3),
      quorum: one(0, 0.5, 0.67, 1),
      grace: { share: one(0, 0.5), seconds: one(0, 0.5, 2) },
    },
    selection: { every: one(1, 1, 3), smoothing: one(1, 0.5) },
    local: { head: { warmUp: isComputed(warmUp) && aggregation.rule !== undefined ? {} : warmUp } },
    budget: one<RunConfigInput['budget']>(
      { kind: 'fixed', unit: 'layers', amount: 1 },
      { kind: 'fixed', unit: 'layers', amount: 2 },
      { kind: 'fixed', unit: 'milliseconds', amount: 60 },
      { kind: 'fixed', unit: 'compute', amount: 40 },
      { kind: 'adaptive', unit: 'layers', deadline: 5, first: 2, max: 3 },
    ),
    aggregation,
  });
  const kind = rng.below(10);
  if (kind < 2)
    return privateConfig(
      config,
      one('round-robin', 'gradient-norm', 'adagrad-select'),
      one(3, 40),
      one('reported', 'noised', 'withheld'),
    );
  if (kind > 6) return bufferedConfig(config, one('top', 'random', 'round-robin'), one);
  return config;
}

/** The same with buffers of one or two, so that somebody is still at work at most times. */
const bufferedConfig = (
  config: RunConfig,
  strategy: 'top' | 'random' | 'round-robin',
  one: (...choices: readonly number[]) => number,
): RunConfig => {
  const goal = one(1, 2);
  return {
    ...config,
    purpose: { kind: 'test', sampling: config.seed },
    rounds: 1000,
    strategy: strategyNamed(strategy).startConfig(),
    budget: { kind: 'fixed', unit: 'layers', amount: 1 },
    local: {
      ...config.local,
      head: { ...config.local.head, warmUp: { kind: 'trained', rounds: 0, epochs: 1 } },
    },
    aggregation: {
      ...config.aggregation,
      rule: { name: 'mean' },
      optimizer: { name: 'fedavg', learningRate: 1 },
      participation: 'none',
    },
    cohort: {
      ...config.cohort,
      goal,
      minimum: 1,
      timing: { kind: 'buffered', atWork: goal + one(0, 1, 2, 4), staleness: one(0, 1, 3, 10) },
    },
  };
};

/** The same under differential privacy, with a budget for so many rounds or so. */
const privateConfig = (
  config: RunConfig,
  strategy: 'round-robin' | 'gradient-norm' | 'adagrad-select',
  lasts: number,
  figures: 'reported' | 'noised' | 'withheld',
): RunConfig => ({
  ...config,
  local: isComputed(config.local.head.warmUp) ? testConfig().local : config.local,
  strategy: strategyNamed(strategy).startConfig(),
  budget: { kind: 'fixed', unit: 'layers', amount: 1 },
  aggregation: { ...config.aggregation, rule: { name: 'mean' }, participation: 'none' },
  privacy: {
    kind: 'client',
    epsilon: 4,
    delta: 1e-2,
    clip: 0.5,
    quantile: lasts > 10 ? 0.5 : null,
    noise: Math.sqrt(0.6 * lasts),
    sampling: null,
    figures: figures === 'noised' ? { kind: figures, share: 0.1 } : { kind: figures },
  },
});
