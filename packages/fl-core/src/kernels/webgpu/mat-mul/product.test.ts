// @module-tag long
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { registerKernels } from '../../index.ts';
import { expectClose, normal, runOn } from '../../testing/compare.ts';
import { type Dawn, openDawn, startDawn } from '../../testing/dawn.ts';
import type { TileShape } from './workgroup-tile.ts';

/** Every shape on products so small that the card would be given the smallest. */
let shape: TileShape;
vi.mock('./tile-shapes.ts', () => ({ tileShapeFor: () => shape }));

const shapes: TileShape[] = [
  { rows: 128, columns: 128, depth: 16, threadRows: 8, threadColumns: 8 },
  { rows: 64, columns: 64, depth: 16, threadRows: 8, threadColumns: 4 },
  { rows: 64, columns: 32, depth: 16, threadRows: 8, threadColumns: 4 },
  { rows: 32, columns: 32, depth: 32, threadRows: 4, threadColumns: 4 },
];

/** Whole vectors; odd sizes, one more and one less than a tile. Compiling for SwiftShader takes a second or two each. */
const sizes = [
  [36, 68, 32],
  [65, 63, 17],
] as const;
const flags = [false, true];

let dawn: Dawn | { readonly reason: string };

beforeAll(async () => {
  dawn = await openDawn();
  for (const backend of ['cpu', 'webgpu'] as const) registerKernels(backend);
  if (!('reason' in dawn)) await startDawn(dawn, 'card');
});

describe.each(shapes)('tiles of $rows x $columns', (own) => {
  it('multiply as cpu does, whichever operand is transposed', { timeout: 120_000 }, async ({ skip }) => {
    if ('reason' in dawn) return skip(dawn.reason);
    shape = own;
    for (const [m, n, k] of sizes) {
      for (const a of flags) {
        for (const b of flags) {
          const operands = [normal(a ? [k, m] : [m, k], 1), normal(b ? [n, k] : [k, n], 2)];
          const program = (x?: tf.Tensor, y?: tf.Tensor) => tf.matMul(x!, y!, a, b);
          expectClose(await runOn('webgpu', program, operands), await runOn('cpu', program, operands), 1e-5);
        }
      }
    }
  });
});

it('gives the same bits with every shape of tile', async ({ skip }) => {
  if ('reason' in dawn) return skip(dawn.reason);
  const operands = [normal([37, 70], 1), normal([70, 45], 2)];
  const results: string[] = [];
  for (shape of shapes) {
    const [product] = await runOn('webgpu', (x, y) => tf.matMul(x!, y!), operands);
    results.push(Buffer.from(product!.values.buffer).toString('hex'));
  }
  expect(new Set(results).size).toBe(1);
});
