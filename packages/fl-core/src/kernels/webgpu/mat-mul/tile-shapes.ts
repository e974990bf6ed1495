import type { Product } from './matrices.ts';
import type { TileShape } from './workgroup-tile.ts';

/**
 * Shapes from large to small. A large tile does more with each number it loads; a small one leaves less of a small
 * product's edge empty and gives all parts of the card something to do. Measured on an H200 (docs/gpu.md).
 */
const shapes = [
  { rows: 64, columns: 64, depth: 16, threadRows: 8, threadColumns: 4 },
  { rows: 32, columns: 32, depth: 32, threadRows: 4, threadColumns: 4 },
] as const satisfies TileShape[];

/** Workgroups that keep a large card busy; smaller cards are busy with fewer. */
const enough = 180;

/** The largest shape that gives enough workgroups, without leaving most of its last ones empty. */
export function tileShapeFor({ m, n, outer = 1, inner = 1 }: Product): TileShape {
  const [smallest] = shapes.slice(-1) as [TileShape];
  const fits = ({ rows, columns }: TileShape) => {
    const [down, across] = [Math.ceil(m / rows), Math.ceil(n / columns)];
    const used = (m * n) / (down * rows * across * columns);
    return down * across * outer * inner >= enough && used > 0.5;
  };
  return shapes.find(fits) ?? smallest;
}
