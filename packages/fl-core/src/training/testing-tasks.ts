import type { LabelSetDataset, PassageDataset, TextDataset } from '../data/datasets/index.ts';
import type { BertSpec } from '../models/architectures/bert/spec.ts';
import type { Gpt2Spec } from '../models/architectures/gpt2/spec.ts';
import { layoutOf, loadModel, type ModelSpec, selectableLayers } from '../models/index.ts';
import { seededLayer } from '../models/testing/run.ts';
import { random } from '../random.ts';
import { toyClasses } from './testing.ts';

/** Small Transformers and data for the tasks beyond one label a sample. */

const size = {
  title: 'small',
  description: '',
  licence: '',
  granularity: 'block',
  kind: 'text',
  vocabulary: 64,
  maxTokens: 16,
  padToken: 0,
  dim: 24,
  depth: 3,
  heads: 2,
  mlp: 32,
  layerNormEps: 1e-5,
} as const;

export const smallBert: BertSpec = {
  ...size,
  id: 'small-bert',
  architecture: 'bert',
  segments: 2,
  activation: 'gelu',
};

export const smallGpt2: Gpt2Spec = {
  ...size,
  id: 'small-gpt2',
  architecture: 'gpt2',
  head: 'next-token',
  activation: 'gelu-tanh',
};

/**
 * A model with seeded weights, those of the frozen embeddings ten times as large: a head that is the embedding table
 * again could say nothing with fresh ones.
 */
export async function seededModel(spec: ModelSpec) {
  const layout = layoutOf(spec, toyClasses);
  const model = await loadModel(spec, { classes: toyClasses, side: 1 });
  const weights = new Map(
    layout.layers.map(({ name, role }) => {
      const fresh = seededLayer(spec, layout, name, 1);
      if (role !== 'embed') return [name, fresh];
      return [name, fresh.map((t) => ({ ...t, data: t.data.map((v) => 10 * v) }))];
    }),
  );
  return { model, layout, weights, blocks: selectableLayers(layout) };
}

/** Two texts whose second one has the class's word; the first has another's, so that the order counts. */
export function pairData(samples: number): TextDataset {
  const source = random('pairs');
  const labels = Int32Array.from({ length: samples }, (_, i) => i % toyClasses);
  const pairs = Array.from(labels, (label) => {
    const [before, after] = [1 + source.below(3), 1 + source.below(4)];
    const filler = (count: number) => Array.from({ length: count }, () => 40 + source.below(5));
    const first = [10 + source.below(toyClasses), ...filler(before)];
    const second = [10 + label, ...filler(after)];
    return {
      tokens: Int32Array.of(1, ...first, 2, ...second, 2),
      segments: Uint8Array.from([...first, 1, 2, ...second, 2], (_, i) => (i < first.length + 2 ? 0 : 1)),
    };
  });
  return {
    kind: 'text',
    labels,
    tokens: pairs.map((p) => p.tokens),
    segments: pairs.map((p) => p.segments),
  };
}

/** Texts with the word of each of their classes: any of 0 to all of them. */
export function labelSetData(samples: number): LabelSetDataset {
  const source = random('label sets');
  const flags = Uint8Array.from({ length: samples * toyClasses }, () => source.below(2));
  const tokens = Array.from({ length: samples }, (_, i) => {
    const words = Array.from({ length: toyClasses }, (_, c) => c).filter((c) => flags[i * toyClasses + c]);
    return Int32Array.of(1, ...words.map((c) => 10 + c), 40 + source.below(5), 2);
  });
  return { kind: 'label-sets', classes: toyClasses, tokens, flags };
}

/** Counting upwards from anywhere, in passages of different length. */
export function passageData(samples: number): PassageDataset {
  const source = random('passages');
  const tokens = Array.from({ length: samples }, () => {
    const start = 10 + source.below(10);
    return Int32Array.from({ length: 2 + source.below(12) }, (_, t) => start + t);
  });
  return { kind: 'passages', tokens };
}
