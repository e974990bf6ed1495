import { layerWork, stepWork } from '@strata/fl-core/models';
import type { Selection, Workload } from './workload.ts';

/**
 * Floating-point operations of the products of one step: the forward pass, the gradients on the way down to the
 * shallowest trained layer, and those of the trained layers' kernels.
 */
export function flopsOf({ spec, classes, size, batch }: Workload, { layers, warm }: Selection): number {
  return batch * stepWork(layerWork(spec, classes, size), { trained: layers, warm });
}
