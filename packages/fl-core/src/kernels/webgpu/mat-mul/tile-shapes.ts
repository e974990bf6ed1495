import type { Product } from './matrices.ts';
import type { TileShape } from './workgroup-tile.ts';

const shape = (
  rows: number,
  columns: number,
  depth: number,
  threadRows: number,
  threadColumns: number,
): TileShape => ({
  rows,
  columns,
  depth,
  threadRows,
  threadColumns,
});

export const tileShapes = {
  large: shape(128, 128, 16, 8, 8),
  middle: shape(64, 64, 16, 4, 4),
  small: shape(32, 32, 16, 4, 4),
} as const;

export function tileShapeFor(_: Product): TileShape {
  return tileShapes.middle;
}
