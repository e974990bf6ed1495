import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { decodeSafetensors } from '../../protocol/index.ts';
import { catalog, type ImageModelSpec } from '../catalog.ts';
import { createModel } from '../create.ts';
import { layoutOf } from '../layouts.ts';
import { splitIntoLayers } from '../split.ts';
import { run, upload } from '../testing/run.ts';
import { fromTransformersNames, hasTransformersNames } from './transformers-names.ts';

/** A toy ViTForImageClassification, made by experiments/oracles/vit-classifier.py. */
const fixture = (name: string) => readFileSync(new URL(`./fixtures/transformers/${name}`, import.meta.url));
const published = decodeSafetensors(fixture('model.safetensors')).tensors;
const { cases } = z
  .object({
    cases: z.array(z.object({ side: z.number(), pixels: z.array(z.number()), logits: z.array(z.number()) })),
  })
  .parse(JSON.parse(fixture('reference.json').toString()));

const spec: ImageModelSpec = {
  ...catalog['vit-nano'],
  dim: 8,
  depth: 2,
  heads: 2,
  mlp: 12,
  patch: 4,
  pretrainedSide: 12,
};

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('a ViT saved by Hugging Face transformers', () => {
  it.each(cases)('gives the same logits at $side pixels', ({ side, pixels, logits }) => {
    const tensors = fromTransformersNames(published);
    expect([...splitIntoLayers(layoutOf(spec, 5), tensors).keys()]).toEqual([
      'embed',
      'blocks.0',
      'blocks.1',
      'head',
    ]);
    const parameters = upload(tensors);
    const labels = new Int32Array(2);
    const batch = { kind: 'image', size: 2, side, pixels: Uint8Array.from(pixels), labels } as const;
    const actual = tf.tidy(() =>
      run(createModel(spec, { classes: 5, side }), parameters, batch).x.dataSync(),
    );
    expect(actual.length).toBe(logits.length);
    for (const [i, v] of logits.entries()) expect(actual[i]).toBeCloseTo(v, 4);
    tf.dispose(parameters);
  });

  it('is told from one with the names of timm', () => {
    expect(hasTransformersNames(published)).toBe(true);
    expect(hasTransformersNames(fromTransformersNames(published))).toBe(false);
  });

  it('names a tensor that is missing or unknown', () => {
    const key = 'vit.encoder.layer.1.attention.attention.key.weight';
    expect(() => fromTransformersNames(published.filter((t) => t.name !== key))).toThrow(`${key} is missing`);
    const pooler = { name: 'vit.pooler.dense.bias', shape: [8], data: new Float32Array(8) };
    expect(() => fromTransformersNames([...published, pooler])).toThrow(/vit\.pooler\.dense\.bias/);
  });
});
