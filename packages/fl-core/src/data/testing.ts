import fc from 'fast-check';
import { PNG } from 'pngjs';
import type { Batch } from '../models/batch.ts';
import type { ImageDataset, LabelSetDataset, PassageDataset, TextDataset } from './datasets/index.ts';
import { type OpenPicture, type ReducedPicture, reducePicture } from './pictures/reduce.ts';
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

/** As {@link numberedTexts}, the first part of each of segment 0 and the rest of segment 1. */
export function numberedPairs(lengths: readonly number[], classes = 3): TextDataset {
  const texts = numberedTexts(lengths, classes);
  const segments = lengths.map((length, i) => new Uint8Array(length).fill(1, (i % length) + 1));
  return { ...texts, segments };
}

/** Texts of the given lengths; those whose number has bit c set have class c. */
export function numberedSets(lengths: readonly number[], classes = 3): LabelSetDataset {
  const { tokens } = numberedTexts(lengths);
  const flags = Uint8Array.from({ length: lengths.length * classes }, (_, i) =>
    bit(Math.floor(i / classes), i % classes),
  );
  return { kind: 'label-sets', classes, tokens, flags };
}

const bit = (number: number, c: number) => (number >> c) & 1;

/** Passages of the given lengths; token t of sample i is 1000 i + t + 1. */
export function numberedPassages(lengths: readonly number[]): PassageDataset {
  return {
    kind: 'passages',
    tokens: lengths.map((length, i) => Int32Array.from({ length }, (_, t) => 1000 * i + t + 1)),
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

/** A decoder of PNG alone, in the place of a browser. */
export async function openPng(bytes: Uint8Array): Promise<OpenPicture> {
  const { width, height, data } = PNG.sync.read(Buffer.from(bytes));
  return {
    width,
    height,
    read(left, top, columns, rows) {
      const rgba = new Uint8Array(columns * rows * 4);
      for (let y = 0; y < rows; y++) {
        const from = 4 * ((top + y) * width + left);
        rgba.set(data.subarray(from, from + 4 * columns), 4 * y * columns);
      }
      return { width: columns, height: rows, rgba };
    },
    close() {},
  };
}

export const reducePng = (bytes: Uint8Array, side: number, mostPixels: number): Promise<ReducedPicture> =>
  reducePicture(bytes, { side, mostPixels, open: openPng });

export const source = (path: string, bytes: Uint8Array): SourceFile => ({
  path,
  size: bytes.length,
  read: async () => bytes,
});

/** The classes of a batch of one class a sample, (B). */
export function labelsOf({ targets }: Batch): Int32Array {
  if (targets.kind !== 'classes') throw new TypeError(`targets of the kind ${targets.kind}`);
  return targets.ids;
}

const codes = (text: string) => Int32Array.from(text.trim(), (c) => c.charCodeAt(0));

/** A tokenizer of one token a letter that has no form for pairs; it gives documents three letters at a time. */
export const letters: Tokenizer = {
  encode: codes,
  encodePair: null,
  *encodeDocument(text) {
    for (let start = 0; start < text.length; start += 3) yield codes(text.slice(start, start + 3));
  },
};
