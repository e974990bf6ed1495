import type { RunConfig } from '../../protocol/index.ts';
import { layerWork, layoutOf } from '../architectures/index.ts';
import { parameterCount } from '../layout.ts';
import type { ModelSpec } from '../spec.ts';
import { specOf } from '../spec-of.ts';
import type { LayerWork } from './layer-work.ts';

/** What computing masks takes, in percent of what the mask of all layers takes: as selection's `LayerCosts`. */
export interface ComputeCosts {
  /** Of the gradients of each selectable layer's own parameters, in forward order, (L). */
  readonly costs: number[];
  /** Of the way down to each layer from the head, (L). */
  readonly reach: number[];
}

/** The model of a run, as far as its layers' work depends on it. */
export type WorkConfig = Pick<RunConfig, 'model' | 'task' | 'labels' | 'side'>;

/**
 * Tokens that a text is taken to have: how long the participants' are nobody knows. Shares of the work hardly depend
 * on it, since all but attention grows with the tokens alike (`compute-costs.test.ts`).
 */
const usualTokens = 64;

/** Side of a run's images in pixels, or tokens of its texts. */
function sampleSize({ task, side }: WorkConfig, spec: ModelSpec): number {
  if (spec.kind === 'image') return side;
  return Math.min(spec.maxTokens, task.name === 'next-token' ? task.passage : usualTokens);
}

/** Operations of each layer of a run's model for one sample, in forward order. Throws `StrataError` as `specOf`. */
export function workOfRun(config: WorkConfig): LayerWork[] {
  const spec = specOf(config);
  return layerWork(spec, config.labels.length, sampleSize(config, spec));
}

/**
 * Floating-point operations of training masks beyond the forward pass and the head, which are always there, in percent
 * of those for all layers; exact but for elementwise work. From the layout alone: nothing is measured.
 *
 * @throws StrataError as `specOf` and the model's layout.
 */
export function computeCosts(config: WorkConfig): ComputeCosts {
  const work = workOfRun(config);
  const { layers } = layoutOf(specOf(config), config.labels.length);
  const chosen = layers.flatMap((layer, i) => (layer.role === 'block' ? [{ layer, i }] : []));
  const head = layers.findIndex(({ role }) => role === 'head');
  // An update takes an operation a parameter at the least, also where nothing is multiplied.
  const costs = chosen.map(({ layer, i }) => Math.max(work[i]!.parameters, parameterCount(layer)));
  const reach = chosen.map(({ i }) => wayDown(work, head, i));
  const unit = ((reach[0] ?? 0) + costs.reduce((a, b) => a + b, 0)) / 100;
  return { costs: costs.map((c) => c / unit), reach: reach.map((r) => r / unit) };
}

/** Gradients by activations from the head's input, at place `head`, into layer `to`; what trains the head is not in it. */
const wayDown = (work: readonly LayerWork[], head: number, to: number): number =>
  work.reduce(
    (sum, { inside, input }, i) =>
      sum + (i >= to && i < head ? inside : 0) + (i > to && i <= head ? input : 0),
    0,
  );
