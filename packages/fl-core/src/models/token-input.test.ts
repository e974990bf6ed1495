import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BertSpec } from './architectures/bert/spec.ts';
import type { TextBatch } from './batch.ts';
import { classTargets } from './targets.ts';
import { tokenInput, tokenParts } from './token-input.ts';

const spec: BertSpec = {
  id: 'toy',
  title: 'toy',
  description: '',
  licence: '',
  granularity: 'block',
  architecture: 'bert',
  kind: 'text',
  vocabulary: 9,
  maxTokens: 4,
  segments: 2,
  padToken: 1,
  dim: 4,
  depth: 1,
  heads: 2,
  mlp: 4,
  layerNormEps: 1e-12,
  activation: 'gelu',
};

function batch(ids: number[][], lengths: number[], segments?: number[][]): TextBatch {
  return {
    kind: 'text',
    size: ids.length,
    length: ids[0]?.length ?? 0,
    ids: Int32Array.from(ids.flat()),
    lengths: Int32Array.from(lengths),
    targets: classTargets(new Int32Array(ids.length)),
    ...(segments ? { segments: Int32Array.from(segments.flat()) } : {}),
  };
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('tokenInput', () => {
  const texts = batch(
    [
      [5, 6, 0, 0, 0],
      [7, 1, 8, 3, 0],
    ],
    [2, 4],
  );

  it('numbers positions from zero, or after the padding token, whose own place in a text is left out', () => {
    const plain = tokenParts(tokenInput(spec, texts, 'from-zero').x);
    expect(plain.ids.arraySync()).toEqual([
      [5, 6, 1, 1, 1],
      [7, 1, 8, 3, 1],
    ]);
    expect(plain.positions.arraySync()).toEqual([
      [0, 1, 0, 0, 0],
      [0, 1, 2, 3, 0],
    ]);
    // transformers: cumsum(ids != 1) * (ids != 1) + 1
    expect(tokenParts(tokenInput(spec, texts, 'after-padding').x).positions.arraySync()).toEqual([
      [2, 3, 1, 1, 1],
      [2, 1, 3, 4, 1],
    ]);
  });

  it('masks padding and keeps the segments of pairs', () => {
    const pairs = batch([[5, 6, 7, 0, 0]], [3], [[0, 1, 1, 1, 1]]);
    const { x, mask } = tokenInput(spec, pairs, 'from-zero');
    expect(mask?.arraySync()).toEqual([[1, 1, 1, 0, 0]]);
    expect(tokenParts(x).segments.arraySync()).toEqual([[0, 1, 1, 0, 0]]);
    expect(
      tokenParts(tokenInput({ ...spec, segments: 1 }, pairs, 'from-zero').x).segments.arraySync(),
    ).toEqual([[0, 0, 0, 0, 0]]);
  });

  it.each([
    ['a token beyond the table', batch([[9]], [1]), /token 9/],
    ['a negative token', batch([[-1]], [1]), /token -1/],
    ['more tokens than positions', batch([[5, 5, 5, 5, 5]], [5]), /5 tokens; it takes 4/],
    ['a length beyond the row', batch([[5]], [2]), /2 tokens; it takes 1/],
    ['a third segment', batch([[5]], [1], [[2]]), /segment 2/],
    [
      'images',
      {
        kind: 'image',
        size: 1,
        side: 1,
        pixels: new Uint8Array(3),
        targets: classTargets(new Int32Array(1)),
      } as const,
      /kind image/,
    ],
  ])('refuses %s', (_, given, message) => {
    expect(() => tokenInput(spec, given, 'from-zero')).toThrow(message);
    expect(() => tokenInput(spec, given, 'from-zero')).toThrow(
      expect.objectContaining({ code: 'bad-config' }),
    );
  });
});
