import { describe, expect, it } from 'vitest';
import type { KerasLayer } from '../architectures/layers-model/spec.ts';
import type { TransformerSize } from '../common-spec.ts';
import { catalog, layersModelSpec, layerWork, layoutOf, type ModelSpec, stepWork } from '../layouts.ts';

const unnamed = { id: 'tiny', title: '', description: '', licence: '', granularity: 'block' } as const;
const size: TransformerSize = {
  dim: 8,
  depth: 3,
  heads: 2,
  mlp: 16,
  layerNormEps: 1e-5,
  activation: 'gelu',
};
const vit: ModelSpec = {
  ...unnamed,
  ...size,
  architecture: 'vit',
  kind: 'image',
  tokens: 'class',
  patch: 2,
  pretrainedSide: 8,
  defaultSide: 8,
  mean: [0, 0, 0],
  std: [1, 1, 1],
};
const bert: ModelSpec = {
  ...unnamed,
  ...size,
  architecture: 'bert',
  kind: 'text',
  vocabulary: 50,
  maxTokens: 16,
  segments: 2,
  padToken: 0,
};
const blocks = (...indices: number[]) => [...indices.map((i) => `blocks.${i}`), 'head'];

const keras = (
  name: string,
  kind: string,
  inputs: string | string[],
  config: KerasLayer['config'] = {},
  trainable = true,
): KerasLayer => ({ name, class: kind, config, trainable, inputs: [inputs].flat() });
const convolution = (filters: number, more: KerasLayer['config'] = {}) => ({
  filters,
  kernel_size: [3, 3],
  use_bias: false,
  ...more,
});
const network = (...layers: KerasLayer[]) =>
  layersModelSpec(
    { kind: 'layers-model', name: 'network', input: [12, 12, 3], pixels: 'unit', licence: null, layers },
    { id: 'network' },
  );
const classifier = (input: string) => [
  keras('pool', 'GlobalAveragePooling2D', input),
  keras('classifier', 'Dense', 'pool', { units: 3 }),
];

describe('stepWork', () => {
  // Counted by PyTorch: experiments/oracles/step-flops.py.
  it.each([
    [[], 83_184, 40_720],
    [[0], 208_304, 97_168],
    [[1], 172_400, 80_528],
    [[2], 136_496, 63_888],
    [[0, 2], 225_712, 107_408],
    [[0, 1, 2], 243_120, 117_648],
  ])('is what PyTorch counts for a ViT and a BERT that train blocks %j', (indices, ofVit, ofBert) => {
    expect(stepWork(layerWork(vit, 3, 8), { trained: blocks(...indices) })).toBe(ofVit);
    expect(stepWork(layerWork(bert, 3, 10), { trained: blocks(...indices) })).toBe(ofBert);
  });

  it('is what PyTorch counts for convolutions', () => {
    const spec = network(
      keras('a', 'Conv2D', 'input', convolution(4, { padding: 'same' })),
      keras('b', 'Conv2D', 'a', convolution(6, { strides: [2, 2] })),
      ...classifier('b'),
    );
    const steps = [[], ['a'], ['b'], ['a', 'b']].map((trained) =>
      stepWork(layerWork(spec, 3, 12), { trained: [...trained, 'head'] }),
    );
    expect(steps).toEqual([41_976, 83_916, 52_812, 94_716]);
  });

  it('leaves out what is known of the frozen layers from an earlier epoch', () => {
    const work = layerWork(vit, 3, 8);
    const trained = blocks(2);
    const below = work.slice(0, 3).reduce((sum, { forward }) => sum + forward, 0);
    expect(stepWork(work, { trained, warm: true })).toBe(stepWork(work, { trained }) - below);
  });
});

describe('layerWork', () => {
  it('splits a block in halves without changing its sum', () => {
    const halves = layerWork({ ...vit, granularity: 'sublayer' }, 3, 8);
    expect(halves.map((w) => w.layer).slice(0, 3)).toEqual([
      'embed',
      'blocks.0.attention',
      'blocks.0.feedforward',
    ]);
    const sum = (work: typeof halves) => work.reduce((n, w) => n + w.forward + w.inside + w.input, 0);
    expect(sum(halves)).toBe(sum(layerWork(vit, 3, 8)));
  });

  it('passes into a shortcut only for the layers below, and knows no gradient of a frozen kernel', () => {
    const spec = network(
      keras('a', 'Conv2D', 'input', convolution(4)), // 10 x 10 x 4
      keras('main', 'Conv2D', 'a', convolution(4, { padding: 'same' })),
      keras('frozen', 'Conv2D', 'main', convolution(4, { padding: 'same' }), false),
      keras('short', 'Conv2D', 'a', convolution(4, { kernel_size: [1, 1] })),
      keras('sum', 'Add', ['frozen', 'short']),
      ...classifier('sum'),
    );
    const block = layerWork(spec, 3, 12).find((w) => w.layer === 'main')!;
    const [three, one] = [2 * 100 * 9 * 4 * 4, 2 * 100 * 4 * 4];
    expect(block).toEqual({
      layer: 'main',
      forward: 2 * three + one,
      inside: three,
      input: three + one,
      parameters: three + one,
    });
  });

  it('counts a depthwise convolution by its channels', () => {
    const spec = network(
      keras('a', 'DepthwiseConv2D', 'input', { kernel_size: [3, 3], use_bias: false }),
      ...classifier('a'),
    );
    expect(layerWork(spec, 3, 12)[0]).toMatchObject({ layer: 'a', forward: 2 * 100 * 9 * 3, inside: 0 });
  });

  it.each(Object.values(catalog))('has the layers of the layout of $id, in their order', (spec) => {
    const names = layoutOf(spec, 5).layers.map((l) => l.name);
    expect(layerWork(spec, 5, 32).map((w) => w.layer)).toEqual(names);
  });
});
