import type { Product } from './matrices.ts';
import type { TileShape } from './workgroup-tile.ts';

interface Choice {
  readonly shape: TileShape;
  /** Workgroups below which the next smaller shape is faster. */
  readonly enough: number;
}

/**
 * Shapes from large to small. A large tile does more with each number it loads; a small one leaves less of a product's
 * edge empty and gives all parts of the card something to do. Measured on an H200 with 15 shapes on 37 products of
 * Transformers (docs/gpu.md); cards with fewer processors are busy with fewer workgroups.
 */
const choices: readonly Choice[] = [
  { shape: { rows: 128, columns: 128, depth: 32, threadRows: 8, threadColumns: 8 }, enough: 230 },
  { shape: { rows: 64, columns: 64, depth: 16, threadRows: 8, threadColumns: 4 }, enough: 380 },
  { shape: { rows: 64, columns: 32, depth: 16, threadRows: 8, threadColumns: 4 }, enough: 400 },
  { shape: { rows: 32, columns: 32, depth: 32, threadRows: 4, threadColumns: 4 }, enough: 0 },
];

/** Shared memory of both strips, in bytes, at the most. */
const stripBytes = ({ rows, columns, depth }: TileShape): number => 4 * (rows + columns) * (depth + 4);

/** The largest shape that gives enough workgroups, leaves no half of them empty and fits the device. */
export function tileShapeFor(
  { m, n, outer = 1, inner = 1 }: Pick<Product, 'm' | 'n' | 'outer' | 'inner'>,
  { maxComputeWorkgroupStorageSize }: Pick<GPUSupportedLimits, 'maxComputeWorkgroupStorageSize'>,
): TileShape {
  const good = ({ shape, enough }: Choice) => {
    const [down, across] = [Math.ceil(m / shape.rows), Math.ceil(n / shape.columns)];
    const used = (m * n) / (down * shape.rows * across * shape.columns);
    const fits = stripBytes(shape) <= maxComputeWorkgroupStorageSize;
    return fits && down * across * outer * inner >= enough && used > 0.5;
  };
  return (choices.find(good) ?? choices.at(-1)!).shape;
}
