import fc from 'fast-check';
import { PNG } from 'pngjs';
import type { ImageDataset, TextDataset } from './dataset.ts';
import type { SourceFile } from './source-file.ts';
import type { Tokenizer } from './tokenizer/tokenizer.ts';

/** Images whose every pixel is the sample's number, so that a mix-up shows. */
export function numberedImages(labels: readonly number[], side = 2): ImageDataset {
  const stride = side * side * 3;
  const pixels = new Uint8Array(labels.length * stride);
  labels.forEach((_, i) => {
    pixels.fill(i % 256, i * stride, (i + 1) * stride);
  });
  return { kind: 'image', side, pixels, labels: Int32Array.from(labels) };
}

/** Texts of the given lengths; every token of sample i is i + 1. */
export function numberedTexts(lengths: readonly number[], classes = 3): TextDataset {
  return {
    kind: 'text',
    tokens: lengths.map((length, i) => new Int32Array(length).fill(i + 1)),
    labels: Int32Array.from(lengths, (_, i) => i % classes),
  };
}

export const seeds = fc.nat({ max: 0xffffffff });

/** 0, 1, ..., count - 1. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** A flat list in ascending order: equal to `range(n)` when the lists partition the n indices. */
export const union = (parts: readonly (readonly number[])[]): number[] => parts.flat().sort((a, b) => a - b);

/** A real PNG of one colour. */
export function png(width: number, height: number, [r, g, b]: readonly [number, number, number]): Uint8Array {
  const image = new PNG({ width, height });
  for (let i = 0; i < width * height; i++) image.data.set([r, g, b, 255], i * 4);
  return new Uint8Array(PNG.sync.write(image));
}

export const source = (path: string, bytes: Uint8Array): SourceFile => ({
  path,
  size: bytes.length,
  read: async () => bytes,
});

const codes = (text: string) => Int32Array.from(text.trim(), (c) => c.charCodeAt(0));

/** A tokenizer of one token a letter that has no form for pairs; it gives documents three letters at a time. */
export const letters: Tokenizer = {
  encode: codes,
  encodePair: null,
  *encodeDocument(text) {
    for (let start = 0; start < text.length; start += 3) yield codes(text.slice(start, start + 3));
  },
};
