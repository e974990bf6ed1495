import { type Dataset, type ImageDataset, sampleCount, type TextDataset } from '@strata/fl-core/data';
import { parameterCount } from '@strata/fl-core/models/layouts';
import type { LocalConfig, NamedTensor, ScoreKind } from '@strata/fl-core/protocol';
import { random } from '@strata/fl-core/random';
import { finish } from '@strata/fl-core/training';
import {
  crossDecrease,
  crossNorm,
  curvatureCorrected,
  meanGradient,
  norm,
  steadyDecrease,
} from './candidates.ts';
import type { GlobalModel } from './global-model.ts';
import { gradientsOf, type LayerGradients, oneStep, probeBatches, together } from './gradients.ts';

/** What the product's probe can measure. */
export const probed = [
  'squared-norm',
  'mean-square',
  'decrease',
  'rgn',
  'snr',
] as const satisfies ScoreKind[];
/** What follows from the same batches with more work, or more of their gradients. */
export const further = [
  'cross-norm',
  'cross-decrease',
  'steady-decrease',
  'curvature',
  'look-ahead',
  'look-ahead-crossed',
] as const;
/** What needs no data. */
export const blind = ['top', 'bottom', 'parameters', 'chance'] as const;
/** A probed score's mean over several probes. */
export const averaged = (kind: ScoreKind) => `${kind}, averaged` as const;

/** One number a selectable layer, in forward order, by the score's name. */
export type Scores = Readonly<Record<string, readonly number[]>>;

interface ProbeShape {
  readonly local: LocalConfig;
  readonly probes: number;
  readonly seed: number;
}

export interface MeasuredScores {
  readonly scores: Scores;
  /** Over the batches of the first probe. */
  readonly gradients: LayerGradients;
}

/** Every score of every layer for one client, of a probe as the product would do it. */
export async function measureScores(
  model: GlobalModel,
  data: Dataset,
  shape: ProbeShape,
): Promise<MeasuredScores> {
  const { local, seed } = shape;
  const probe = { batches: local.probeBatches, batchSize: Math.min(local.batchSize, half(data)) };
  const scores: Record<string, readonly number[]> = {};
  for (const score of probed) {
    const rows: number[][] = [];
    for (let i = 0; i < shape.probes; i++) {
      const told = await finish(model.trainer.probe(data, { ...probe, seed: seed + i, score }));
      rows.push(model.selectable.map((layer) => told.scores[layer]!));
    }
    scores[score] = rows[0]!;
    if (rows.length > 1) {
      scores[averaged(score)] = rows[0]!.map((_, l) => rows.reduce((s, r) => s + r[l]!, 0) / rows.length);
    }
  }
  const pieces = probeBatches(data, { batchSize: probe.batchSize, maxBatches: probe.batches, seed });
  const { scores: more, gradients } = await byGradients(model, pieces);
  const ahead = await byLookingAhead(model, pieces, local);
  return { scores: { ...scores, ...more, ...ahead, ...blindScores(model, seed) }, gradients };
}

/** At least two batches, also of few samples. */
const half = (data: Dataset): number => Math.max(1, Math.floor(sampleCount(data) / 2));

type Pieces = readonly (ImageDataset | TextDataset)[];

/** How far along the gradient it is looked at again, in norms of the layer's weights. */
const differenceStep = 1e-3;

async function byGradients(model: GlobalModel, pieces: Pieces): Promise<MeasuredScores> {
  const { selectable } = model;
  const each: LayerGradients[] = [];
  for (const piece of pieces) each.push(await gradientsOf(model, piece, selectable));
  const of = (layer: string) => each.map((gradients) => gradients.get(layer)!);
  const by = (score: (batches: readonly Float32Array[]) => number) => selectable.map((l) => score(of(l)));
  const all = together(pieces);
  const means = new Map(selectable.map((layer) => [layer, meanGradient(of(layer))]));
  const curvature: number[] = [];
  for (const [layer, gradient] of means) {
    const length = norm(gradient);
    const step = differenceStep * norm(model.parameters(layer));
    if (length === 0) {
      curvature.push(0);
      continue;
    }
    const along = spread(
      model,
      layer,
      gradient.map((g) => (g * step) / length),
    );
    const moved = await model.with(along, () => gradientsOf(model, all, [layer]));
    curvature.push(curvatureCorrected(gradient, moved.get(layer)!, step));
  }
  const found = {
    'cross-norm': by(crossNorm),
    'cross-decrease': by(crossDecrease),
    'steady-decrease': by(steadyDecrease),
    curvature,
  };
  return { scores: found, gradients: means };
}

/** Numbers of a layer, (P), as changes of its tensors. */
function spread({ layout }: GlobalModel, layer: string, values: Float32Array): NamedTensor[] {
  let at = 0;
  return (layout.layers.find(({ name }) => name === layer)?.tensors ?? []).map(({ name, shape }) => {
    const size = shape.reduce((a, b) => a * b, 1);
    at += size;
    return { name, shape, data: values.slice(at - size, at) };
  });
}

/** By how much the loss falls with one step of the optimizer on one layer: on the same samples, and on others. */
async function byLookingAhead(model: GlobalModel, pieces: Pieces, local: LocalConfig): Promise<Scores> {
  const all = together(pieces);
  const [first, rest] = [pieces[0]!, pieces.length > 1 ? together(pieces.slice(1)) : pieces[0]!];
  const gain = async (from: ImageDataset | TextDataset, on: ImageDataset | TextDataset) => {
    const before = await model.loss(on);
    const gains: number[] = [];
    for (const layer of model.selectable) {
      const update = await model.train(from, [layer], oneStep(from, local.optimizer), 1);
      gains.push(before - (await model.with(update, () => model.loss(on))));
    }
    return gains;
  };
  return { 'look-ahead': await gain(all, all), 'look-ahead-crossed': await gain(first, rest) };
}

function blindScores({ layout, selectable }: GlobalModel, seed: number): Scores {
  const draws = random(seed, 'chance');
  return {
    top: selectable.map((_, l) => l),
    bottom: selectable.map((_, l) => -l),
    parameters: selectable.map((layer) => parameterCount(layout.layers.find((l) => l.name === layer)!)),
    chance: selectable.map(() => draws.uniform()),
  };
}
