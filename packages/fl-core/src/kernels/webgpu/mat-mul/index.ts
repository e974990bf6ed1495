/** For those who measure shapes of tiles (bench). */
export type { Product, Strides } from './matrices.ts';
export { tileShapeFor } from './tile-shapes.ts';
export { type TileShape, workgroupTile } from './workgroup-tile.ts';
