import { type Dataset, sampleCount } from '@strata/fl-core/data';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aboutPrepared, decodePrepared, encodePrepared } from './prepared-file.ts';

const classes = 5;
const label = fc.nat(classes - 1);

const images = fc
  .record({
    side: fc.integer({ min: 1, max: 4 }),
    labels: fc.array(label, { maxLength: 6 }),
    byte: fc.nat(255),
    split: fc.boolean(),
  })
  .map(
    ({ side, labels, byte, split }): Dataset => ({
      kind: 'image',
      side,
      pixels: Uint8Array.from({ length: labels.length * side * side * 3 }, (_, i) => (byte + i) % 256),
      labels: Int32Array.from(labels),
      ...(split ? { heldOut: Uint8Array.from(labels, (l) => l % 2) } : {}),
    }),
  );

const texts = fc.array(fc.tuple(label, fc.array(fc.nat(), { maxLength: 9 })), { maxLength: 6 }).map(
  (samples): Dataset => ({
    kind: 'text',
    tokens: samples.map(([, ids]) => Int32Array.from(ids)),
    labels: Int32Array.from(samples, ([l]) => l),
  }),
);

const pairs = texts.map((dataset): Dataset => {
  if (dataset.kind !== 'text') throw new TypeError(`data of the kind ${dataset.kind}`);
  return { ...dataset, segments: dataset.tokens.map((ids) => Uint8Array.from(ids, (id) => id % 2)) };
});

const labelSets = fc
  .array(
    fc.tuple(
      fc.array(fc.nat(), { maxLength: 9 }),
      fc.array(fc.boolean(), { minLength: classes, maxLength: classes }),
    ),
    {
      maxLength: 6,
    },
  )
  .map(
    (samples): Dataset => ({
      kind: 'label-sets',
      classes,
      tokens: samples.map(([ids]) => Int32Array.from(ids)),
      flags: Uint8Array.from(samples.flatMap(([, flags]) => flags.map(Number))),
    }),
  );

const passages = fc
  .array(fc.array(fc.nat(), { minLength: 2, maxLength: 9 }), { maxLength: 6 })
  .map((samples): Dataset => ({ kind: 'passages', tokens: samples.map((ids) => Int32Array.from(ids)) }));

const datasets = fc.oneof(images, texts, pairs, labelSets, passages);

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts));
}

describe('prepared data as a file', () => {
  test('comes back as it was', () => {
    fc.assert(
      fc.property(datasets, (dataset) => {
        const file = joined(encodePrepared(dataset, 'c-1'));
        expect(decodePrepared(file, classes)).toEqual(dataset);
        expect(aboutPrepared(file.subarray(0, 1024))).toMatchObject({
          client: 'c-1',
          samples: sampleCount(dataset),
        });
      }),
    );
  });

  test('a file that was not written to its end is none', () => {
    fc.assert(
      fc.property(
        datasets,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (dataset, share) => {
          const file = joined(encodePrepared(dataset, 'c-1'));
          expect(decodePrepared(file.slice(0, Math.floor(share * file.length)), classes)).toBeNull();
        },
      ),
    );
  });

  test('nor is one of other bytes, or with a class that the run does not have', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(decodePrepared(new Uint8Array(bytes), classes)).toBeNull();
      }),
    );
    const file = joined(
      encodePrepared({ kind: 'text', tokens: [Int32Array.of(7)], labels: Int32Array.of(4) }, 'c-1'),
    );
    expect(decodePrepared(file, 5)).not.toBeNull();
    expect(decodePrepared(file, 4)).toBeNull();
  });
});
