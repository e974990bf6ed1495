import '@tensorflow/tfjs-backend-cpu';
import * as library from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { FoundModel } from '../../../protocol/index.ts';
import { checkLayersModelSide, layersModelSpec } from './config.ts';
import { readLayersModel } from './read.ts';
import { exampleModels, saveModel, specOfSaved } from './testing.ts';

const { layers: l, sequential, model, input } = library;
type Model = library.LayersModel;
const examples = exampleModels(library);

const conv = (more = {}) =>
  l.conv2d({ inputShape: [12, 12, 3], filters: 4, kernelSize: 3, name: 'conv', ...more });
const answer = (more = {}) => l.dense({ units: 3, activation: 'softmax', name: 'answer', ...more });

describe('readLayersModel', () => {
  it.each(['plain', 'residual', 'convolutional'] as const)(
    'of the model %s travels as JSON within its limits, and means the same when read again',
    async (name) => {
      const { json } = await saveModel(library, examples[name]());
      const { found } = readLayersModel(JSON.parse(JSON.stringify(json)), 'test');
      const travelled = FoundModel.parse(JSON.parse(JSON.stringify(found)));
      expect(travelled).toEqual(found);
      expect(layersModelSpec(found, { id: 'a' })).toMatchObject({
        architecture: 'layers-model',
        title: name,
      });
    },
  );

  it('knows how pixels, sides and colours go in', async () => {
    const of = async (name: keyof typeof examples) => specOfSaved(await saveModel(library, examples[name]()));
    expect(await of('plain')).toMatchObject({ pixels: 'unit', channels: 3, side: 12, defaultSide: 12 });
    expect(await of('residual')).toMatchObject({ pixels: 'bytes' });
    expect(await of('convolutional')).toMatchObject({ channels: 1 });
    // A run of before has no `pixels`, and its layers say it still.
    const residual = readLayersModel((await saveModel(library, examples.residual())).json, 'test').found;
    expect(layersModelSpec({ ...residual, pixels: null }, { id: 'a' })).toMatchObject({ pixels: 'bytes' });
    const { json } = await saveModel(library, examples.plain());
    const { found } = readLayersModel(json, 'test');
    expect(found.pixels).toBeNull();
    for (const pixels of ['unit', 'signed', 'bytes'] as const) {
      expect(layersModelSpec(found, { id: 'a', pixels })).toMatchObject({ pixels });
      expect(layersModelSpec({ ...found, pixels }, { id: 'a' })).toMatchObject({ pixels });
      const said = { ...json, userDefinedMetadata: { pixels } };
      expect(readLayersModel(said, 'test').found).toMatchObject({ pixels });
    }
    const any = sequential({
      layers: [conv({ inputShape: [null, null, 3] }), l.globalAveragePooling2d({}), answer()],
    });
    const spec = specOfSaved(await saveModel(library, any));
    expect(spec).toMatchObject({ side: null, defaultSide: 64 });
    expect(() => checkLayersModelSide(spec, 200)).not.toThrow();
    expect(() => checkLayersModelSide(spec, 2)).toThrow(/Layer conv .*window of 3 on an axis of 2/);
    expect(async () => checkLayersModelSide(await of('plain'), 24)).rejects.toThrow(/12 pixels, not 24/);
  });

  it.each([
    [1 / 255, 'bytes'],
    [1 / 127.5, 'bytes'],
    [2, 'unit'],
    [1, 'unit'],
    [0.2, null],
  ])('tells from a first Rescaling layer of %d that pixels are %s', async (scale, pixels) => {
    const { json } = await saveModel(library, examples.residual());
    const text = JSON.stringify(json).replace(/"scale":[-\d.e]+/, `"scale":${scale}`);
    expect(readLayersModel(JSON.parse(text), 'test').found.pixels).toBe(pixels);
  });

  it('unfolds models in models, whose layers keep their names', async () => {
    const base = sequential({ name: 'base', layers: [conv(), l.batchNormalization({ name: 'norm' })] });
    const outer = sequential({ name: 'outer', layers: [base, l.flatten({ name: 'flat' }), answer()] });
    const { found } = readLayersModel((await saveModel(library, outer)).json, 'test');
    expect(found.layers.map((layer) => `${layer.name} < ${layer.inputs}`)).toEqual([
      'conv < input',
      'norm < conv',
      'flat < norm',
      'answer < flat',
    ]);
    const images = input({ shape: [12, 12, 3], name: 'images' });
    const functional = model({
      name: 'functional',
      inputs: images,
      outputs: answer().apply(l.flatten({ name: 'flat' }).apply(base.apply(images) as never)) as never,
    });
    const again = readLayersModel((await saveModel(library, functional)).json, 'test').found;
    expect(again.layers.map((layer) => layer.name)).toEqual(['conv', 'norm', 'flat', 'answer']);
    expect(again.input).toEqual([12, 12, 3]);
  });

  it('reads what the converter of Keras 2 writes', async () => {
    const { json } = await saveModel(library, examples.plain());
    const { modelTopology } = json as { modelTopology: Record<string, unknown> };
    const layers = JSON.stringify(modelTopology).replaceAll('"axis":-1', '"axis":[3]');
    const keras = {
      format: 'layers-model',
      generatedBy: 'keras v2.13.1',
      modelTopology: { keras_version: '2.13.1', backend: 'tensorflow', model_config: JSON.parse(layers) },
      weightsManifest: json.weightsManifest,
    };
    const { found } = readLayersModel(keras, 'test');
    expect(found.layers.find((layer) => layer.name === 'norm1')?.config.axis).toBe(3);
    const own = readLayersModel(json, 'test').found;
    expect(JSON.stringify(found).replaceAll('"axis":3', '"axis":-1')).toBe(JSON.stringify(own));
  });

  it('finds the labels that an earlier export wrote down', async () => {
    const { json } = await saveModel(library, examples.plain(), { labels: ['a', 'b', 'c'] });
    expect(readLayersModel(json, 'test').labels).toEqual(['a', 'b', 'c']);
    expect(readLayersModel({ ...json, userDefinedMetadata: undefined }, 'test').labels).toBeNull();
  });

  const refused: readonly (readonly [string, () => Model, RegExp])[] = [
    [
      'a recurrent model of texts',
      () =>
        sequential({
          layers: [
            l.embedding({ inputDim: 10, outputDim: 4, inputLength: 5, name: 'words' }),
            l.lstm({ units: 3, name: 'lstm', recurrentInitializer: 'zeros' }),
            answer(),
          ],
        }),
      /Layer words is of the class Embedding/,
    ],
    [
      'a spaced convolution',
      () => sequential({ layers: [conv({ dilationRate: 2 }), l.flatten(), answer()] }),
      /Layer conv \(Conv2D\) cannot be trained \(dilation_rate: only 1/,
    ],
    [
      'another end than scores',
      () => sequential({ layers: [conv(), l.flatten(), answer({ activation: 'relu' })] }),
      /Layer answer ends in relu/,
    ],
    [
      'an average of probabilities',
      () =>
        sequential({
          layers: [
            conv(),
            l.conv2d({ filters: 3, kernelSize: 1, activation: 'softmax', name: 'map' }),
            l.globalAveragePooling2d({}),
          ],
        }),
      /Layer map ends in softmax, and more comes after it/,
    ],
    [
      'no vector of scores',
      () => sequential({ layers: [conv(), l.conv2d({ filters: 3, kernelSize: 3, name: 'map' })] }),
      /answers with \(8, 8, 3\)/,
    ],
    [
      'nothing but a classifier',
      () => sequential({ layers: [l.flatten({ inputShape: [12, 12, 3] }), answer()] }),
      /no layer to choose from/,
    ],
    [
      'nothing trainable before its classifier',
      () => sequential({ layers: [conv({ trainable: false }), l.flatten(), answer()] }),
      /no layer to choose from/,
    ],
    [
      'images that are not square',
      () => sequential({ layers: [conv({ inputShape: [12, 16, 3] }), l.flatten(), answer()] }),
      /images of \(12, 16, 3\)/,
    ],
    [
      'an input that is no image',
      () => sequential({ layers: [l.dense({ inputShape: [7], units: 4 }), answer()] }),
      /inputs of the shape \[null,7\], not images/,
    ],
    [
      'two inputs',
      () => {
        const [a, b] = ['a', 'b'].map((name) => input({ shape: [12, 12, 3], name }));
        const flat = l.flatten().apply(l.add().apply([a!, b!]) as never);
        return model({ inputs: [a!, b!], outputs: answer().apply(flat as never) as never });
      },
      /has 2 inputs; one is supported/,
    ],
    [
      'a layer that is called twice',
      () => {
        const images = input({ shape: [12, 12, 4], name: 'images' });
        const twice = l.conv2d({ filters: 4, kernelSize: 1, name: 'twice' });
        const flat = l.flatten().apply(twice.apply(twice.apply(images) as never) as never);
        return model({ inputs: images, outputs: answer().apply(flat as never) as never });
      },
      /Layer twice is called 2 times/,
    ],
  ];
  it.each(refused)('refuses %s', async (_, make, message) => {
    const saved = await saveModel(library, make());
    await expect(async () => specOfSaved(saved)).rejects.toMatchObject({
      code: 'bad-model',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/\w{3}/),
    });
  });

  it.each<[string, unknown, RegExp]>([
    ['no JSON of tfjs', { model: 1 }, /not one of TensorFlow.js/],
    ['a GraphModel', { format: 'graph-model', modelTopology: { node: [] } }, /GraphModel/],
    ['a class without layers', { modelTopology: { class_name: 'Mine', config: {} } }, /class Mine/],
    [
      'a topology without layers',
      { modelTopology: { class_name: 'Sequential', config: {} } },
      /not one of Keras/,
    ],
    [
      'a layer of Keras 3',
      {
        modelTopology: {
          class_name: 'Functional',
          config: {
            layers: [
              {
                class_name: 'InputLayer',
                name: 'i',
                config: { batch_shape: [null, 8, 8, 3] },
                inbound_nodes: [],
              },
              { class_name: 'Flatten', name: 'f', config: {}, inbound_nodes: [{ args: [], kwargs: {} }] },
            ],
            input_layers: ['i', 0, 0],
            output_layers: ['f', 0, 0],
          },
        },
      },
      /Layer f was saved by Keras 3/,
    ],
  ])('refuses %s', (_, json, message) => {
    expect(() => readLayersModel(json, 'test')).toThrow(message);
  });
});
