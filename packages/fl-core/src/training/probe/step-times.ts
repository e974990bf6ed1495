import type { Batch } from '../../models/batch.ts';
import { selectableLayers } from '../../models/layout.ts';
import type { LocalConfig } from '../../protocol/local-config.ts';
import type { Activation, Engine, Gradients } from '../engine.ts';
import { shallowestStage } from '../layers.ts';
import { runPrefix } from '../prefix/prefix.ts';
import { betweenBatches, type Job, type JobControl } from '../progress.ts';

/** Milliseconds of one training step, as selection's `StepTimes`, by the names of the selectable layers. */
export interface StepTimesByLayer {
  /** Forward through everything; backward through the head, and its update. */
  readonly base: number;
  /** Backward through the layer for the gradient of its input. */
  readonly passing: Readonly<Record<string, number>>;
  /** On top of that, for the gradient of its parameters, and their update. */
  readonly training: Readonly<Record<string, number>>;
}

/** The times of one batch. */
interface Sample {
  base: number;
  readonly passing: Map<string, number>;
  readonly training: Map<string, number>;
}

/**
 * Measures on each batch, after a warm-up on the first one, and takes the medians. The device is waited for after
 * every piece of work; the wait itself is measured and taken off, as is the second forward run of a stage that its
 * backward pass begins with. Holds one layer's gradients, trained copy and optimizer state, and the inputs of the
 * stages for one batch.
 */
export async function* measureStepTimes(
  engine: Engine,
  batches: readonly Batch[],
  local: LocalConfig,
  control: JobControl | undefined,
): Job<StepTimesByLayer> {
  const [first] = batches;
  if (first === undefined) throw new RangeError('Times are measured on one batch or more.');
  const clock = await Clock.start(engine);
  await measure(engine, clock, first, local, control);
  const samples: Sample[] = [];
  for (const batch of batches) {
    samples.push(await measure(engine, clock, batch, local, control));
    yield { fraction: 0.5 + samples.length / (2 * batches.length) };
  }
  const layers = selectableLayers(engine.layout);
  const medians = (times: (sample: Sample) => ReadonlyMap<string, number>) =>
    Object.fromEntries(layers.map((layer) => [layer, median(samples.map((s) => times(s).get(layer) ?? 0))]));
  return {
    base: median(samples.map((s) => s.base)),
    passing: medians((s) => s.passing),
    training: medians((s) => s.training),
  };
}

/** One forward and backward pass, each stage timed. */
async function measure(
  engine: Engine,
  clock: Clock,
  batch: Batch,
  local: LocalConfig,
  control: JobControl | undefined,
): Promise<Sample> {
  const { stages, global } = engine;
  const selectable = selectableLayers(engine.layout);
  const cut = shallowestStage(stages, selectable);
  const sample: Sample = { base: 0, passing: new Map(), training: new Map() };
  const forward: number[] = [];
  /** Inputs of the stages from the cut on, then the logits. */
  const trail: Activation[] = [];
  let gradient: Activation | null = null;
  try {
    await betweenBatches(control);
    const [below, prefix] = await clock.time(() => runPrefix(engine, batch, cut));
    trail.push(below);
    sample.base += prefix;
    for (let s = cut; s < stages.length; s++) {
      const [output, ms] = await clock.time(() => global.forward(trail.at(-1)!, s, s + 1));
      trail.push(output);
      forward[s] = ms;
      sample.base += ms;
    }
    const [top, ms] = await clock.time(() => global.lossBackward(trail.at(-1)!, batch.targets, 1));
    top.loss.dispose();
    gradient = top.gradient;
    sample.base += ms;
    for (let s = stages.length - 1; s >= cut && gradient !== null; s--) {
      await betweenBatches(control);
      trail.pop()!.dispose();
      const times: BackwardTimes = await timeBackward(engine, clock, s, trail.at(-1)!, gradient, local);
      gradient.dispose();
      gradient = times.below;
      // The backward pass of a stage begins with its forward run.
      const passing = Math.max(0, times.passing - forward[s]!);
      const training = Math.max(0, times.both - Math.max(times.passing, forward[s]!)) + times.update;
      const layer = stages[s]!;
      if (selectable.includes(layer)) {
        sample.passing.set(layer, passing);
        sample.training.set(layer, training);
      } else {
        sample.base += passing + training;
      }
    }
    return sample;
  } finally {
    gradient?.dispose();
    for (const kept of trail) kept.dispose();
  }
}

/** In milliseconds. */
interface BackwardTimes {
  /** The gradient by the stage's input; null for the first stage, whose input is data. */
  readonly below: Activation | null;
  /** For the gradient of the input only. */
  readonly passing: number;
  /** For that and the gradients of the parameters. */
  readonly both: number;
  readonly update: number;
}

async function timeBackward(
  engine: Engine,
  clock: Clock,
  stage: number,
  from: Activation,
  gradient: Activation,
  local: LocalConfig,
): Promise<BackwardTimes> {
  const input = stage > 0;
  const pull = (parameters: boolean) => engine.global.backward(stage, from, gradient, { parameters, input });
  const [once, passing] = await clock.time(() => pull(false));
  once.input?.dispose();
  const [pulled, both] = await clock.time(() => pull(true));
  if (pulled.parameters === null) throw new TypeError('The engine gave no gradients where it was to.');
  const update = await timeUpdate(engine, clock, engine.stages[stage]!, pulled.parameters, local);
  return { below: pulled.input, passing, both, update };
}

/** One optimizer step on a layer, which moves it by nothing. Takes the gradients over. */
async function timeUpdate(
  engine: Engine,
  clock: Clock,
  layer: string,
  gradients: Gradients,
  local: LocalConfig,
): Promise<number> {
  const training = engine.training([layer], local);
  const step = () => {
    for (const scalar of training.finishGradients()) scalar.dispose();
    training.step(0);
  };
  try {
    training.add(gradients);
    const [, ms] = await clock.time(step);
    return ms;
  } finally {
    training.dispose();
  }
}

/** Times work on a device that is told what to do and does it later. */
class Clock {
  readonly #engine: Engine;
  /** What waiting takes when there is nothing to wait for, in milliseconds. */
  readonly #wait: number;

  private constructor(engine: Engine, wait: number) {
    this.#engine = engine;
    this.#wait = wait;
  }

  static async start(engine: Engine): Promise<Clock> {
    const raw = new Clock(engine, 0);
    const waits: number[] = [];
    await engine.settle();
    for (let i = 0; i < 5; i++) waits.push((await raw.time(() => {}))[1]);
    return new Clock(engine, median(waits));
  }

  /** What `work` returns, and the milliseconds that it takes, on the device too. */
  async time<Result>(work: () => Result): Promise<[Result, number]> {
    const start = performance.now();
    const result = work();
    await this.#engine.settle();
    return [result, Math.max(0, performance.now() - start - this.#wait)];
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
