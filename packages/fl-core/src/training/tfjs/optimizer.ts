import { add, div, mul, reshape, sqrt, square, sub, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { adamWNumbers, fusedAdamW, fusedMomentum, type Pace, type StepItem } from '../../kernels/index.ts';
import type { Parameters } from '../../models/model.ts';
import type { OptimizerConfig } from '../../protocol/local-config.ts';
import type { OptimizerState } from '../engine.ts';
import { TensorMap } from './tensors.ts';

/** A parameter in a step. */
export interface Moving {
  readonly name: string;
  readonly parameter: Tensor;
  readonly gradient: Tensor;
}

/**
 * Moves parameters against their gradients, and owns the state it needs for that. A step moves each parameter once, all
 * together or in groups of a pace of their own, and is counted then.
 */
export interface Optimizer {
  /** What the next step depends on, with `rate` times the configured learning rate. */
  numbers(rate: number): Readonly<Record<string, number>>;
  /**
   * The step of some parameters at the pace of {@link numbers}. Hands each new value to `put`, which owns it, as soon as
   * it is made, and may drop what it was made of then.
   */
  move(items: readonly Moving[], pace: Pace, put: (item: Moving, moved: Tensor) => void): void;
  /** Counts a step, whether {@link move} or the device by itself took it. */
  count(): void;
  save(): Promise<OptimizerState>;
  /** Goes on from a saved state of the same configuration; `like` has the parameters' shapes. */
  restore(state: OptimizerState, like: Parameters): void;
  dispose(): void;
}

/** The state that every optimizer here consists of: tensors a parameter, and the number of steps done. */
class Moments {
  steps = 0;
  readonly all: readonly TensorMap[];

  constructor(...all: TensorMap[]) {
    this.all = all;
  }

  async save(): Promise<OptimizerState> {
    const moments: ReadonlyMap<string, Float32Array>[] = [];
    for (const moment of this.all) moments.push(await moment.read());
    return { steps: this.steps, moments };
  }

  restore({ steps, moments }: OptimizerState, like: Parameters): void {
    this.steps = steps;
    for (const [i, values] of moments.entries()) this.all[i]?.write(values, like);
  }

  dispose(): void {
    for (const moment of this.all) moment.dispose();
  }
}

/** What an optimizer does apart from stepping. */
const keeper = (moments: Moments): Omit<Optimizer, 'move' | 'numbers'> => ({
  count: () => {
    moments.steps += 1;
  },
  save: () => moments.save(),
  restore: (state, like) => moments.restore(state, like),
  dispose: () => moments.dispose(),
});

export function createOptimizer(config: OptimizerConfig): Optimizer {
  switch (config.name) {
    case 'sgd':
      return config.momentum === 0 ? plain(config.learningRate) : momentum(config);
    case 'adamw':
      return adamW(config);
    default:
      return config satisfies never;
  }
}

/** p - lr g */
function plain(learningRate: number): Optimizer {
  return {
    ...keeper(new Moments()),
    numbers: (rate) => ({ rate: rate * learningRate }),
    move(items, { tensor }, put) {
      for (const item of items) {
        put(
          item,
          tidy(() => sub(item.parameter, mul(item.gradient, reshape(tensor, [])))),
        );
      }
    },
  };
}

/** Heavy ball, as in PyTorch with dampening 0: v = momentum v + g; p - lr v. */
function momentum(config: Extract<OptimizerConfig, { name: 'sgd' }>): Optimizer {
  const velocities = new TensorMap();
  return {
    ...keeper(new Moments(velocities)),
    numbers: (rate) => ({ rate: rate * config.learningRate, momentum: config.momentum }),
    move(items, pace, put) {
      const fused = fusedMomentum(stepItems(items, [velocities]), pace);
      if (fused !== null) {
        for (const [i, item] of items.entries()) put(item, fused[i]!);
        return;
      }
      for (const item of items) {
        const { name, parameter, gradient } = item;
        const velocity = velocities.update(name, (v) => add(mul(v!, config.momentum), gradient));
        put(
          item,
          tidy(() => sub(parameter, mul(velocity, pace.numbers.rate!))),
        );
      }
    },
  };
}

const beta1 = 0.9;
const beta2 = 0.999;
/** Added to the root of the second moment, as in PyTorch. */
export const adamEpsilon = 1e-8;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101), the decay times the learning rate as
 * in PyTorch. Decay applies to matrices only: biases and norms are left alone, as is usual for Transformers.
 */
function adamW(config: Extract<OptimizerConfig, { name: 'adamw' }>): Optimizer {
  const { weightDecay } = config;
  const first = new TensorMap();
  const second = new TensorMap();
  const moments = new Moments(first, second);
  return {
    ...keeper(moments),
    numbers(rate) {
      const learningRate = rate * config.learningRate;
      return adamWNumbers({
        learningRate,
        weightDecay,
        beta1,
        beta2,
        epsilon: adamEpsilon,
        step: moments.steps + 1,
      });
    },
    move(items, pace, put) {
      const fused = fusedAdamW(stepItems(items, [first, second]), pace);
      if (fused !== null) {
        for (const [i, item] of items.entries()) put(item, fused[i]!);
        return;
      }
      for (const item of items) {
        const { name, parameter, gradient } = item;
        const m = first.update(name, (old) => add(mul(old!, beta1), mul(gradient, 1 - beta1)));
        const v = second.update(name, (old) => add(mul(old!, beta2), mul(square(gradient), 1 - beta2)));
        const moved = tidy(() => {
          const decays = weightDecay > 0 && parameter.rank >= 2;
          const kept = decays ? mul(parameter, pace.numbers.decay!) : parameter;
          const scale = add(mul(sqrt(v), pace.numbers.correction!), adamEpsilon);
          return sub(kept, mul(div(m, scale), pace.numbers.rate!));
        });
        put(item, moved);
      }
    },
  };
}

/** The items with their states, made where there are none yet. */
const stepItems = (items: readonly Moving[], states: readonly TensorMap[]): StepItem[] =>
  items.map(({ name, parameter, gradient }) => ({
    parameter,
    gradient,
    state: states.map((state) => state.zeros(name, gradient)),
    decays: parameter.rank >= 2,
  }));
