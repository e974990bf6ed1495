import * as tf from '@tensorflow/tfjs-core';
import { random } from '../../random.ts';

/** Coordinates tried for each input; all of them when it has fewer. */
const maxCoordinates = 16;

/**
 * Largest error of tfjs's gradient of `f` against central differences, over the coordinates of every input,
 * relative to the largest gradient of that input. The differentiated scalar is a fixed random combination of
 * all outputs of `f`, summed in float64 so that the differences keep their digits.
 *
 * Gradients must be registered (`registerKernels`). Float32 outputs leave errors around 1e-4; a wrong formula is off by the order of 1.
 */
export function gradientError(
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: readonly tf.Tensor[],
  step = 5e-3,
): number {
  return tf.tidy(() => {
    const rng = random('gradient check');
    const outputs = f(...inputs);
    const weights = Float32Array.from({ length: outputs.size }, () => rng.normal());
    const weightTensor = tf.tensor(weights, outputs.shape);
    const gradients = tf.grads((...xs: tf.Tensor[]) => tf.sum(tf.mul(f(...xs), weightTensor)))([...inputs]);

    const objective = (index: number, moved: Float32Array): number =>
      tf.tidy(() => {
        const xs = inputs.map((x, i) => (i === index ? tf.tensor(moved, x.shape) : x));
        const outputs = Array.from(f(...xs).dataSync());
        return outputs.reduce((sum, y, k) => sum + y * weights[k]!, 0);
      });

    let worst = 0;
    for (const [index, input] of inputs.entries()) {
      const gradient = Array.from(gradients[index]!.dataSync());
      const scale = Math.max(1e-3, ...gradient.map(Math.abs));
      const coordinates = rng
        .shuffle(Array.from({ length: input.size }, (_, i) => i))
        .slice(0, maxCoordinates);
      for (const k of coordinates) {
        const up = Float32Array.from(input.dataSync());
        const down = Float32Array.from(up);
        up[k]! += step;
        down[k]! -= step;
        const difference = (objective(index, up) - objective(index, down)) / (up[k]! - down[k]!);
        worst = Math.max(worst, Math.abs(difference - gradient[k]!) / scale);
      }
    }
    return worst;
  });
}

/** A tensor of standard normal numbers, the same for the same name. */
export function normalTensor(name: string, shape: number[], std = 1): tf.Tensor {
  const rng = random('normal tensor', name);
  const size = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => std * rng.normal()),
    shape,
  );
}
