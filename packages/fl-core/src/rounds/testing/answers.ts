import { labelMapOf, SampleSums, tensorsOf } from '../../closed-form/index.ts';
import type { NamedTensor, RunConfig, StepTimesMessage } from '../../protocol/index.ts';
import { random } from '../../random.ts';
import { layoutFor } from '../layout.ts';

/** What scripted clients answer: from the seed in their work, so that a test can compute it again. */

const blocks = (config: RunConfig): string[] =>
  layoutFor(config)
    .layers.filter((l) => l.role === 'block')
    .map((l) => l.name);

export function syntheticScores(config: RunConfig, seed: number): Record<string, number> {
  const rng = random(seed, 'scores');
  return Object.fromEntries(blocks(config).map((name) => [name, rng.uniform() + 0.01]));
}

/** Ten steps a round, of 1 ms and 1 ms more a layer passed or trained, times `slowness`. */
export function syntheticTimes(
  config: RunConfig,
  slowness: number,
): { times: StepTimesMessage; steps: number } {
  const each = Object.fromEntries(blocks(config).map((name) => [name, slowness]));
  return { times: { base: slowness, passing: each, training: each }, steps: 10 };
}

/** Sums over twenty samples with features between -1 and 1; null of a model whose head cannot be computed. */
export function syntheticSums(config: RunConfig, seed: number): NamedTensor[] | null {
  const map = labelMapOf(layoutFor(config));
  if (map === null) return null;
  const rng = random(seed, 'sums');
  const sums = new SampleSums(map);
  const features = Float32Array.from({ length: 20 * map.features }, () => 2 * rng.uniform() - 1);
  sums.add(
    features,
    Int32Array.from({ length: 20 }, () => rng.below(map.classes)),
  );
  return tensorsOf(map, sums.means());
}

/** Small changes of every tensor of `layers`. */
export function syntheticDelta(config: RunConfig, layers: readonly string[], seed: number): NamedTensor[] {
  return layoutFor(config)
    .layers.filter((l) => layers.includes(l.name))
    .flatMap((l) => l.tensors)
    .map(({ name, shape }) => {
      const rng = random(seed, 'delta', name);
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
      for (let i = 0; i < data.length; i++) data[i] = 0.01 * (rng.uniform() - 0.5);
      return { name, shape, data };
    });
}
