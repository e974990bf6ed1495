import { defect } from '../../defect.ts';
import { type GpuBackend, isSoftware } from '../backend.ts';
import { type Binding, reads, runPass, writes } from '../pass.ts';
import type { Product, Tile } from './matrices.ts';
import { registerTile } from './register-tile.ts';
import { tileShapeFor } from './tile-shapes.ts';
import { workgroupTile } from './workgroup-tile.ts';

/**
 * out = factor a b + bias + residual for every matrix of a batch, in one pass. Sums over K are taken along only where
 * workgroups share memory.
 */
export function product(backend: GpuBackend, p: Product): void {
  const { outer = 1, inner = 1, m, n } = p;
  if (outer * inner * m * n === 0) return;
  const tile: Tile = isSoftware(backend)
    ? registerTile(p)
    : workgroupTile(p, tileShapeFor(p, backend.device.limits));
  const groups: [number, number, number] = [
    Math.ceil(n / tile.columns),
    Math.ceil(m / tile.rows),
    outer * inner,
  ];
  if (groups.some((g) => g > 65_535)) throw defect(`Product ${p.label} of ${groups} tiles is too large.`);
  const others: Binding[] = [
    ...(p.bias ? [reads('bias', p.bias)] : []),
    ...(p.residual ? [reads('residual', p.residual)] : []),
    ...(p.sums ? [writes('sums', p.sums.out)] : []),
  ];
  runPass(backend, {
    label: p.label,
    bindings: [
      reads('a', p.a, tile.vectors.a),
      reads('b', p.b, tile.vectors.b),
      ...others,
      writes('c', p.out),
    ],
    code: tile.code,
    groups,
  });
}
