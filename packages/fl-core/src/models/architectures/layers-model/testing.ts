import type { LayersModel } from '@tensorflow/tfjs-layers';
import { random } from '../../../random.ts';
import type { ModelLayout } from '../../layout.ts';
import { layersModelSpec } from './config.ts';
import type { LayersLibrary } from './library.ts';
import { readLayersModel } from './read.ts';
import type { LayersModelSpec } from './spec.ts';

/** `model.json` and the weights as one file, as TensorFlow.js' `model.save` gives them. */
export interface SavedModel {
  readonly json: Record<string, unknown>;
  readonly weights: Uint8Array;
}

/** Saves a model of the library as it saves itself into a browser's downloads. */
export async function saveModel(
  library: LayersLibrary,
  model: LayersModel,
  metadata?: Record<string, unknown>,
): Promise<SavedModel> {
  let saved: SavedModel | undefined;
  if (metadata) model.setUserDefinedMetadata(metadata);
  await model.save({
    save: async ({ weightData, weightSpecs, ...rest }) => {
      const buffers = Array.isArray(weightData) ? weightData : [weightData ?? new ArrayBuffer(0)];
      saved = {
        json: {
          ...rest,
          weightsManifest: [{ paths: ['group1-shard1of1.bin'], weights: weightSpecs }],
        },
        weights: new Uint8Array(await new Blob(buffers).arrayBuffer()),
      };
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
  });
  if (saved === undefined) throw new Error(`${library.version_layers} saved nothing.`);
  return saved;
}

export const specOfSaved = ({ json }: SavedModel, id = 'test'): LayersModelSpec =>
  layersModelSpec(readLayersModel(json, id).found, { id });

/** Seeded values of every tensor: kernels that keep the size of what they see, statistics of a real batch. */
export function drawnWeights(layout: ModelLayout, seed = 1) {
  return layout.layers.flatMap((layer) =>
    layer.tensors.map(({ name, shape }) => {
      const rng = random(seed, 'layers model', name);
      const size = shape.reduce((a, b) => a * b, 1);
      const inputs = Math.max(1, size / (shape.at(-1) ?? 1));
      const [mean, std] = /variance$|gamma$/.test(name)
        ? [1, 0.1]
        : shape.length === 1
          ? [0, 0.1]
          : [0, 1 / Math.sqrt(inputs)];
      return { name, shape, data: Float32Array.from({ length: size }, () => mean + std * rng.normal()) };
    }),
  );
}

/** MobileNet (Howard et al., arXiv 1704.04861) at a quarter of its width, laid out as Keras and tfjs-models have it. */
export function mobileNet({ layers: l, sequential }: LayersLibrary): LayersModel {
  const normalised = (name: string) => [
    l.batchNormalization({ name: `${name}_bn` }),
    l.reLU({ maxValue: 6, name: `${name}_relu` }),
  ];
  const same = { padding: 'same', useBias: false } as const;
  const first = { inputShape: [96, 96, 3], filters: 8, kernelSize: 3, strides: 2, ...same, name: 'conv1' };
  const widths = [16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256, 256];
  const blocks = widths.flatMap((filters, i) => {
    const strides = [1, 3, 5, 11].includes(i) ? 2 : 1;
    const [deep, point] = [`conv_dw_${i + 1}`, `conv_pw_${i + 1}`];
    return [
      l.depthwiseConv2d({ kernelSize: 3, strides, ...same, name: deep }),
      ...normalised(deep),
      l.conv2d({ filters, kernelSize: 1, ...same, name: point }),
      ...normalised(point),
    ];
  });
  return sequential({
    name: 'mobilenet_0.25_96',
    layers: [
      l.conv2d(first),
      ...normalised('conv1'),
      ...blocks,
      l.globalAveragePooling2d({ name: 'global_average_pooling2d_1' }),
      l.reshape({ targetShape: [1, 1, 256], name: 'reshape_1' }),
      l.dropout({ rate: 0.001, name: 'dropout' }),
      l.conv2d({ filters: 1000, kernelSize: 1, padding: 'same', name: 'conv_preds' }),
      l.activation({ activation: 'softmax', name: 'act_softmax' }),
      l.reshape({ targetShape: [1000], name: 'reshape_2' }),
    ],
  });
}

/**
 * Small models that between them have every class of layer and every activation, made by the library. Each takes
 * images of 12 pixels and ends in 3 probabilities.
 * @param scale whether each normalisation has one: the library itself cannot differentiate one without
 */
export function exampleModels({ layers: l, model, sequential, input }: LayersLibrary, scale = false) {
  const plain = () =>
    sequential({
      name: 'plain',
      layers: [
        l.conv2d({ inputShape: [12, 12, 3], filters: 4, kernelSize: 3, activation: 'relu', name: 'conv1' }),
        l.batchNormalization({ name: 'norm1' }),
        l.maxPooling2d({ poolSize: 2, name: 'pool1' }),
        l.dropout({ rate: 0.5, name: 'drop' }),
        l.separableConv2d({
          filters: 5,
          kernelSize: 3,
          padding: 'same',
          activation: 'elu',
          name: 'separable',
        }),
        l.zeroPadding2d({ padding: [1, 2], name: 'pad' }),
        l.depthwiseConv2d({ kernelSize: 3, strides: 2, depthMultiplier: 2, name: 'depthwise' }),
        l.reLU({ maxValue: 6, name: 'relu6' }),
        l.flatten({ name: 'flat' }),
        l.dense({ units: 6, activation: 'tanh', name: 'dense1' }),
        l.dense({ units: 3, activation: 'softmax', name: 'answer' }),
      ],
    });
  const residual = () => {
    const images = input({ shape: [12, 12, 3], name: 'images' });
    const scaled = l.rescaling({ scale: 1 / 127.5, offset: -1, name: 'scale' }).apply(images) as never;
    const stem = l
      .conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same', name: 'stem' })
      .apply(scaled);
    const stemNorm = l.layerNormalization({ name: 'stem_norm' }).apply(stem) as never;
    const a = l.activation({ activation: 'swish', name: 'swish' }).apply(stemNorm) as never;
    const b1 = l.conv2d({ filters: 4, kernelSize: 3, padding: 'same', useBias: false, name: 'b1' }).apply(a);
    const b1n = l.batchNormalization({ name: 'b1_norm', scale }).apply(b1);
    const b1a = l.leakyReLU({ alpha: 0.2, name: 'b1_act' }).apply(b1n);
    const sum = l.add({ name: 'sum' }).apply([a, b1a as never]);
    const c1 = l.conv2d({ filters: 2, kernelSize: 1, activation: 'sigmoid', name: 'c1' }).apply(sum);
    const c2 = l.averagePooling2d({ poolSize: 3, strides: 1, padding: 'same', name: 'c2' }).apply(sum);
    const both = l.concatenate({ name: 'both' }).apply([c1 as never, c2 as never]);
    const gate = l.conv2d({ filters: 6, kernelSize: 1, activation: 'hardSigmoid', name: 'gate' }).apply(both);
    const gated = l.multiply({ name: 'gated' }).apply([both as never, gate as never]);
    const crop = l.cropping2D({ cropping: 1, name: 'crop' }).apply(gated);
    const max = l.globalMaxPooling2d({ name: 'max' }).apply(crop as never);
    const mean = l.globalAveragePooling2d({ name: 'mean' }).apply(crop as never);
    const larger = l.maximum({ name: 'larger' }).apply([max as never, mean as never]);
    const smaller = l.minimum({ name: 'smaller' }).apply([max as never, mean as never]);
    const average = l.average({ name: 'average' }).apply([larger as never, smaller as never]);
    const wide = l.reshape({ targetShape: [1, 6], name: 'row' }).apply(average);
    const turned = l.permute({ dims: [2, 1], name: 'turned' }).apply(wide);
    const flat = l.flatten({ name: 'flat' }).apply(turned);
    const hidden = l.dense({ units: 5, activation: 'selu', name: 'hidden' }).apply(flat);
    const soft = l.dense({ units: 5, activation: 'softplus', name: 'soft' }).apply(hidden);
    const gelu = l.activation({ activation: 'gelu' as never, name: 'gelu' }).apply(soft);
    const scores = l.dense({ units: 3, name: 'scores' }).apply(gelu);
    const answer = l.softmax({ axis: -1, name: 'probabilities' }).apply(scores);
    return model({ inputs: images as never, outputs: answer as never, name: 'residual' });
  };
  /** As the MobileNet of tfjs-models ends: a convolution makes the scores. */
  const convolutional = () =>
    sequential({
      name: 'convolutional',
      layers: [
        l.conv2d({ inputShape: [12, 12, 1], filters: 4, kernelSize: 3, name: 'conv', useBias: false }),
        l.batchNormalization({ name: 'norm' }),
        l.activation({ activation: 'relu6', name: 'act' }),
        l.conv2d({ filters: 4, kernelSize: 3, name: 'frozen_conv', trainable: false, activation: 'relu' }),
        l.globalAveragePooling2d({ name: 'mean' }),
        l.reshape({ targetShape: [1, 1, 4], name: 'reshape_1' }),
        l.conv2d({ filters: 3, kernelSize: 1, name: 'preds' }),
        l.reshape({ targetShape: [3], name: 'reshape_2' }),
        l.activation({ activation: 'sigmoid', name: 'act_softmax' }),
      ],
    });
  return { plain, residual, convolutional };
}
