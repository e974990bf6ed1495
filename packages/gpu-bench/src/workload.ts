import type { ImageDataset, TextDataset } from '@strata/fl-core/data';
import { catalog, type ModelSpec } from '@strata/fl-core/models';
import { random } from '@strata/fl-core/random';
import { type Size, sizeOf } from './size.ts';

type SpecOf<Architecture> = Extract<ModelSpec, { architecture: Architecture }>;
export type VitSpec = SpecOf<'vit'>;
export type MeasuredSpec = VitSpec | SpecOf<'bert'> | SpecOf<'use-lite'>;

/** A model and a batch for it: the same for every engine. */
export interface Workload<Spec extends MeasuredSpec = MeasuredSpec> {
  readonly name: string;
  readonly spec: Spec;
  readonly classes: number;
  /** Samples a step. */
  readonly batch: number;
  /** Side of the square images in pixels, or tokens of each text. */
  readonly size: number;
}

export const isVit = (w: Workload): w is Workload<VitSpec> => w.spec.architecture === 'vit';

const unnamed = { title: '', description: '', licence: '', granularity: 'block' } as const;

/** A Vision Transformer of any size, its positions trained for the side that it is measured at. */
export const vitSpec = (
  id: string,
  size: Pick<VitSpec, 'dim' | 'depth' | 'heads' | 'mlp' | 'patch'>,
  side: number,
): VitSpec => ({
  ...unnamed,
  id,
  architecture: 'vit',
  kind: 'image',
  tokens: 'class',
  activation: 'gelu',
  ...size,
  pretrainedSide: side,
  defaultSide: side,
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
  layerNormEps: 1e-6,
});

const bertSpec = (
  id: string,
  size: Pick<SpecOf<'bert'>, 'dim' | 'depth' | 'heads' | 'mlp' | 'vocabulary' | 'maxTokens'>,
): SpecOf<'bert'> => ({
  ...unnamed,
  id,
  architecture: 'bert',
  kind: 'text',
  segments: 2,
  padToken: 0,
  activation: 'gelu',
  layerNormEps: 1e-12,
  ...size,
});

/** What a graphics card is measured with: models that people fine-tune, at sizes that fill it and that do not. */
const cardWorkloads: readonly Workload[] = [
  {
    // Its positions are of the side it is measured at: the twins in other libraries do not resize them.
    name: 'deit-tiny',
    spec: vitSpec('deit-tiny-64', { dim: 192, depth: 12, heads: 3, mlp: 768, patch: 16 }, 64),
    classes: 10,
    batch: 64,
    size: 64,
  },
  {
    name: 'ViT-B/32',
    spec: vitSpec('vit-base-32', { dim: 768, depth: 12, heads: 12, mlp: 3072, patch: 32 }, 224),
    classes: 10,
    batch: 32,
    size: 224,
  },
  {
    name: 'BERT-base',
    spec: bertSpec('bert-base', {
      dim: 768,
      depth: 12,
      heads: 12,
      mlp: 3072,
      vocabulary: 30522,
      maxTokens: 512,
    }),
    classes: 10,
    batch: 4,
    size: 128,
  },
  { name: 'sentence encoder', spec: catalog['use-lite'], classes: 77, batch: 32, size: 32 },
];

/** The same architectures, small enough for an adapter that is a program on the processor. */
const smallWorkloads: readonly Workload[] = [
  {
    name: 'small ViT',
    spec: vitSpec('small-vit', { dim: 64, depth: 4, heads: 4, mlp: 256, patch: 4 }, 16),
    classes: 10,
    batch: 4,
    size: 16,
  },
  {
    name: 'small BERT',
    spec: bertSpec('small-bert', {
      dim: 32,
      depth: 3,
      heads: 2,
      mlp: 64,
      vocabulary: 100,
      maxTokens: 16,
    }),
    classes: 4,
    batch: 4,
    size: 16,
  },
  {
    name: 'small sentence encoder',
    spec: {
      ...catalog['use-lite'],
      vocabulary: 100,
      embedding: 16,
      dim: 32,
      mlp: 64,
      heads: 2,
      maxTokens: 16,
    },
    classes: 4,
    batch: 4,
    size: 16,
  },
];

/** Those of a size; of the named models only, when names are given. */
export const workloadsOf = (size: Size, models?: readonly string[]): Workload[] =>
  sizeOf(size, { card: cardWorkloads, small: smallWorkloads }).filter(
    ({ name }) => models?.includes(name) ?? true,
  );

/** Rows of activations that one sample is: patches and the class token, or tokens. */
export function tokensOf({ spec, size }: Workload): number {
  return spec.kind === 'image' ? 1 + (size / spec.patch) ** 2 : size;
}

/** Classes of the samples. */
export const labelsOf = ({ batch, classes }: Workload): Int32Array =>
  Int32Array.from({ length: batch }, (_, i) => i % classes);

/** RGB bytes, (B, side, side, 3). */
export function pixelsOf({ batch, size }: Workload<VitSpec>): Uint8Array {
  const draws = random('bench-step');
  return Uint8Array.from({ length: batch * size * size * 3 }, () => 256 * draws.uniform());
}

/** The workload's samples as a dataset of one batch, the same in every process. */
export function samplesOf(workload: Workload): ImageDataset | TextDataset {
  const { spec, batch, size } = workload;
  const labels = labelsOf(workload);
  if (isVit(workload)) return { kind: 'image', side: size, pixels: pixelsOf(workload), labels };
  const draws = random('bench-step');
  const tokens = Array.from({ length: batch }, () =>
    Int32Array.from({ length: size }, () => 1 + draws.below(vocabularyOf(spec) - 1)),
  );
  return { kind: 'text', tokens, labels };
}

function vocabularyOf(spec: MeasuredSpec): number {
  if (spec.kind !== 'text') throw new TypeError(`${spec.id} takes no text.`);
  return spec.vocabulary;
}

/** Layers that a step trains, beside the head, which every step does; the embedding stays frozen. */
export interface Selection {
  readonly name: string;
  readonly layers: readonly string[];
  /** The activations below the shallowest of them are known from an earlier epoch. */
  readonly warm: boolean;
}

/** Full, top-2, bottom-2, the last layer with a warm prefix cache, and any single layers asked for. */
export function selectionsOf(layers: readonly string[], singles: readonly string[] = []): Selection[] {
  const cold = (name: string, chosen: readonly string[]): Selection => ({
    name,
    layers: [...chosen, 'head'],
    warm: false,
  });
  const last = layers.slice(-1);
  return [
    cold('full', layers),
    cold('top-2', layers.slice(-2)),
    cold('bottom-2', layers.slice(0, 2)),
    ...singles.map((layer) => cold(layer, [layer])),
    { name: `${last}, warm cache`, layers: [...last, 'head'], warm: true },
  ];
}
