import '@tensorflow/tfjs-backend-cpu';
import * as library from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parameterCount, selectableLayers } from '../../layout.ts';
import { layersModelSpec } from './config.ts';
import { layersModelLayout } from './layout.ts';
import { partsOf } from './parts.ts';
import { readLayersModel } from './read.ts';
import type { KerasLayer, LayersModelSpec } from './spec.ts';
import { exampleModels, mobileNet, saveModel, specOfSaved } from './testing.ts';

const examples = exampleModels(library);
const roles = (spec: LayersModelSpec) => partsOf(spec, 3).map(({ name, role }) => `${role} ${name}`);

describe('the layers of a LayersModel', () => {
  it('are those with weights of a Sequential model, each with what follows it', async () => {
    const spec = specOfSaved(await saveModel(library, examples.plain()));
    expect(roles(spec)).toEqual([
      'embed frozen', // the moving statistics
      'block conv1',
      'block separable',
      'block depthwise',
      'block dense1',
      'head head',
    ]);
    const { layers } = layersModelLayout(spec, 7);
    expect(layers[0]?.tensors.map((t) => t.name)).toEqual(['norm1/moving_mean', 'norm1/moving_variance']);
    expect(layers[1]?.tensors.map((t) => t.name)).toEqual([
      'conv1/kernel',
      'conv1/bias',
      'norm1/gamma',
      'norm1/beta',
    ]);
    expect(layers.at(-1)?.tensors).toMatchObject([
      { name: 'answer/kernel', shape: [6, 7], source: 'labels' },
      { name: 'answer/bias', shape: [7], source: 'labels' },
    ]);
    expect(parameterCount(layers[2]!)).toBe(3 * 3 * 4 + 4 * 5 + 5);
  });

  it('of MobileNet are its 27 convolutions before the classifier', async () => {
    const { json } = await saveModel(library, mobileNet(library));
    const { found } = readLayersModel(json, 'mobilenet');
    const spec = layersModelSpec(found, { id: 'mobilenet' });
    const { layers } = layersModelLayout(spec, 1000);
    expect(selectableLayers({ layers })).toHaveLength(27);
    expect(layers.at(-1)).toMatchObject({ role: 'head', tensors: [{ shape: [1, 1, 256, 1000] }, {}] });
    // 475,544 as published for this width (keras.io/api/applications/mobilenet), statistics included.
    expect(layers.reduce((n, layer) => n + parameterCount(layer), 0)).toBe(475_544);
    expect(layersModelLayout(spec, 4).layers.at(-1)?.tensors[0]?.shape).toEqual([1, 1, 256, 4]);
  });

  it('take a block with a skip connection as one', async () => {
    const spec = specOfSaved(await saveModel(library, examples.residual()));
    expect(roles(spec)).toEqual([
      'embed frozen',
      'block stem',
      'block b1',
      'block c1',
      'block gate',
      'block hidden',
      'block soft',
      'head head',
    ]);
  });

  it('hold back what the file says is not trainable', async () => {
    const spec = specOfSaved(await saveModel(library, examples.convolutional()));
    expect(roles(spec)).toEqual(['embed frozen', 'block conv', 'head head']);
    const [frozen, conv] = layersModelLayout(spec, 3).layers;
    expect(frozen?.tensors.map((t) => t.name)).toContain('frozen_conv/kernel');
    expect(conv?.tensors.map((t) => t.name)).toEqual(['conv/kernel', 'norm/gamma', 'norm/beta']);
  });

  /** Chains and forks of dense layers over a flat input, joined again at once or later. */
  const graphs = fc.array(fc.tuple(fc.nat(), fc.boolean(), fc.nat()), { minLength: 1, maxLength: 12 });
  it('are pieces that a single tensor enters, whatever the graph', () => {
    fc.assert(
      fc.property(graphs, (steps) => {
        const spec = specFor(steps);
        const parts = partsOf(spec, 3);
        const order = parts.flatMap((part) => part.nodes.map((node) => node.layer.name));
        expect(order).toEqual(spec.layers.map((layer) => layer.name));
        let entering = 'input';
        for (const { nodes } of parts) {
          const inside = new Set(nodes.map((node) => node.layer.name));
          const outside = nodes.flatMap((node) => node.layer.inputs.filter((name) => !inside.has(name)));
          expect(new Set([entering, ...outside]).size).toBe(1);
          entering = nodes.at(-1)?.layer.name ?? entering;
        }
        // Maximal: no block can be cut between two of its layers with weights.
        for (const { nodes, role } of parts) {
          if (role === 'block') expect(cuts(nodes.map((node) => node.layer))).toBe(0);
        }
      }),
      { numRuns: 200 },
    );
  });
});

const dense = (name: string, input: string): KerasLayer => ({
  name,
  class: 'Dense',
  config: { units: 4, activation: 'linear', use_bias: true },
  trainable: true,
  inputs: [input],
});

/** Each step is a dense layer or the sum of two different earlier outputs; what leads nowhere is added up last. */
function specFor(steps: readonly (readonly [number, boolean, number])[]): LayersModelSpec {
  const layers: KerasLayer[] = [
    { name: 'flat', class: 'Flatten', config: {}, trainable: true, inputs: ['input'] },
    dense('first', 'flat'),
  ];
  const outputs = ['first'];
  steps.forEach(([a, add, b], i) => {
    const from = outputs.at(-1 - (a % Math.min(2, outputs.length)))!;
    const other = outputs[b % outputs.length]!;
    const sum = { class: 'Add', config: {}, trainable: true, inputs: [from, other] };
    layers.push(add && from !== other ? { ...sum, name: `n${i}` } : dense(`n${i}`, from));
    outputs.push(`n${i}`);
  });
  const used = new Set(layers.flatMap((layer) => layer.inputs));
  const ends = outputs.filter((name) => !used.has(name));
  if (ends.length > 1) {
    layers.push({ name: 'all', class: 'Add', config: {}, trainable: true, inputs: ends });
  }
  layers.push({ ...dense('answer', ends.length > 1 ? 'all' : ends[0]!), config: { units: 3 } });
  return {
    id: 'graph',
    architecture: 'layers-model',
    kind: 'image',
    title: 'graph',
    description: '',
    licence: 'unknown',
    granularity: 'block',
    side: 8,
    defaultSide: 8,
    channels: 1,
    pixels: 'unit',
    layers,
  };
}

/** Places in a piece at which a single tensor passes from layers with weights to layers with weights. */
function cuts(layers: readonly KerasLayer[]): number {
  return layers.filter((_, at) => {
    const [before, after] = [layers.slice(0, at), layers.slice(at)];
    const weights = (part: readonly KerasLayer[]) => part.some((layer) => layer.class === 'Dense');
    const crossing = new Set(
      after.flatMap((layer) => layer.inputs).filter((name) => !after.some((layer) => layer.name === name)),
    );
    return (
      weights(before) && weights(after) && crossing.size === 1 && crossing.has(before.at(-1)?.name ?? '')
    );
  }).length;
}
