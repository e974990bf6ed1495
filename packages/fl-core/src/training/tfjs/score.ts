import {
  abs,
  add,
  addN,
  dispose,
  div,
  maximum,
  mul,
  sqrt,
  square,
  sub,
  type Tensor,
  tidy,
  zerosLike,
} from '@tensorflow/tfjs-core';
import type { ScoreKind } from '../../protocol/selection-config.ts';
import type { Gradients, LayerScore } from '../engine.ts';
import { gradientsOf, type TfjsScalar, tidyScalar } from './activation.ts';
import { adamEpsilon } from './optimizer.ts';
import { squaredNorm, sumOfAll } from './sums.ts';
import { TensorMap } from './tensors.ts';

/** Parameters whose norm is below this are divided by it instead. */
const smallestNorm = 1e-12;
/** A gradient below 1e-6 everywhere counts as none. */
const varianceFloor = 1e-12;
/** No parameter's ratio of signal to noise counts for more than 1 / this. */
const relativeFloor = 1e-6;

/**
 * The importance of one layer, from gradients g of its parameters theta:
 *
 * - `squared-norm`: ||mean g||^2 (Sun et al., arXiv 2408.15600, section 5).
 * - `mean-square`: ||mean g||^2 over the number of parameters.
 * - `decrease`: the sum of g^2 / (|g| + eps), g the mean: the inner product of the gradient and AdamW's first step from
 *   it, which is its sign where it is well above Adam's eps; a unit of learning rate, weight decay not counted
 *   (Loshchilov and Hutter, arXiv 1711.05101).
 * - `rgn`, relative gradient norm: ||mean g|| / ||theta|| (Lee et al., arXiv 2210.11466, "Auto-RGN").
 * - `snr`: the mean over the layer's parameters k of mean(g_k)^2 / var(g_k) over single samples (Mahsereci et al.,
 *   arXiv 1703.09580, eq. 7, with its unbiased variance; as GSNR: Liu et al., arXiv 2001.07384): a sum would grow with
 *   the layer's size, and layers of different sizes could not be compared by it. The denominator is var + 1e-6 mean^2 + 1e-12, so that a gradient which is the same for all samples counts a finite lot.
 *
 * All hold the layer's mean gradient, `snr` as much again for the variance; `parameters` are borrowed.
 */
export function scoreOf(kind: ScoreKind, parameters: readonly Tensor[]): LayerScore {
  switch (kind) {
    case 'squared-norm':
      return new OfMean((mean) => squaredNorm(mean));
    case 'mean-square':
      return new OfMean((mean) =>
        div(
          squaredNorm(mean),
          mean.reduce((n, { size }) => n + size, 0),
        ),
      );
    case 'decrease':
      return new OfMean((mean) => addN(mean.map(firstStep)));
    case 'rgn':
      return new OfMean((mean) =>
        div(sqrt(squaredNorm(mean)), maximum(sqrt(squaredNorm(parameters)), smallestNorm)),
      );
    case 'snr':
      return new SignalToNoise();
    default:
      return kind satisfies never;
  }
}

/** g times the first step of Adam along it; one tensor's intermediate results at a time. */
const firstStep = (gradient: Tensor): Tensor =>
  tidy(() => {
    const size = tidy(() => add(abs(gradient), adamEpsilon));
    return sumOfAll([tidy(() => div(square(gradient), size))]);
  });

/** A number made of the mean gradient. */
class OfMean implements LayerScore {
  readonly #mean = new TensorMap();
  readonly #reduce: (mean: Tensor[]) => Tensor;

  constructor(reduce: (mean: Tensor[]) => Tensor) {
    this.#reduce = reduce;
  }

  add(gradients: Gradients): void {
    this.#mean.add(gradientsOf(gradients).tensors);
  }

  finish(): TfjsScalar {
    const score = tidyScalar(() => this.#reduce(this.#mean.entries().map(([, t]) => t)));
    this.dispose();
    return score;
  }

  dispose(): void {
    this.#mean.dispose();
  }
}

/** Running mean and sum of squared deviations (Welford 1962): exact where sums of squares cancel. */
class SignalToNoise implements LayerScore {
  readonly #mean = new TensorMap();
  readonly #deviations = new TensorMap();
  #samples = 0;

  add(gradients: Gradients): void {
    this.#samples += 1;
    for (const [name, gradient] of gradientsOf(gradients).tensors) {
      const before = this.#mean.get(name);
      if (before === undefined) {
        this.#mean.set(name, gradient);
        continue;
      }
      const shift = sub(gradient, before);
      dispose(gradient);
      this.#mean.update(name, () => add(before, mul(shift, 1 / this.#samples)));
      this.#deviations.update(name, (old) => {
        const deviation = mul(square(shift), (this.#samples - 1) / this.#samples);
        return old === undefined ? deviation : add(old, deviation);
      });
      dispose(shift);
    }
  }

  finish(): TfjsScalar {
    const score = tidyScalar(() => {
      const size = this.#mean.entries().reduce((n, [, mean]) => n + mean.size, 0);
      return div(addN(this.#mean.entries().map(([name, mean]) => this.#ratio(name, mean))), size);
    });
    this.dispose();
    return score;
  }

  dispose(): void {
    this.#mean.dispose();
    this.#deviations.dispose();
    this.#samples = 0;
  }

  #ratio(name: string, mean: Tensor): Tensor {
    return tidy(() => {
      const signal = square(mean);
      const deviations = this.#deviations.get(name) ?? zerosLike(mean);
      const noise = tidy(() => mul(deviations, 1 / Math.max(1, this.#samples - 1)));
      this.#deviations.drop(name);
      const floor = tidy(() => add(mul(signal, relativeFloor), varianceFloor));
      return sumOfAll([div(signal, add(noise, floor))]);
    });
  }
}
