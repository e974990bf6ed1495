import type { Meters } from './meters.ts';
import { operations } from './operations.ts';
import { products } from './products.ts';
import type { Size } from './size.ts';
import { blocksOf } from './weights.ts';
import { selectionsOf, workloadsOf } from './workload.ts';

/** What can be measured alone, in the order in which it is. */
export const parts = ['limits', 'steps', 'products', 'operations'] as const;
export type Part = (typeof parts)[number];

export interface RowsOptions {
  readonly size: Size;
  readonly meters: Meters;
  /** Parts to measure; all when absent. */
  readonly parts?: readonly Part[];
  /** Names of the models whose steps are measured; all when absent. */
  readonly models?: readonly string[];
}

/** A row that is to come. */
export interface PlannedRow {
  readonly part: 'limit' | 'step' | 'kernels' | 'product' | 'operation';
  readonly what: string;
}

/**
 * The rows that `measureCard` gives after the adapter's, in its order, so that the one at the place of those that came
 * is what is measured now. A row that fails comes in its place. Devices without timestamps have no rows of kernels.
 */
export function plannedRows(
  { size, parts: wanted, models }: Omit<RowsOptions, 'meters'>,
  timestamps: boolean,
): PlannedRow[] {
  const rows: Readonly<Record<Part, () => PlannedRow[]>> = {
    limits: () => [{ part: 'limit', what: 'copy' }],
    steps: () =>
      workloadsOf(size, models).flatMap((workload) => [
        ...selectionsOf(blocksOf(workload)).map(
          ({ name }): PlannedRow => ({ part: 'step', what: `${workload.name}, ${name}` }),
        ),
        ...(timestamps ? [{ part: 'kernels', what: workload.name } as const] : []),
      ]),
    products: () => products(size).map(({ name }) => ({ part: 'product', what: name })),
    operations: () => operations(size).map(({ name }) => ({ part: 'operation', what: name })),
  };
  return parts.filter((part) => wanted?.includes(part) ?? true).flatMap((part) => rows[part]());
}
