import type { ErrorBody } from '@strata/fl-core/protocol';
import type { GpuRow, Size } from '@strata/gpu-bench';
import type { Part, PlannedRow } from '@strata/gpu-bench/strata';

export interface BenchOptions {
  readonly size: Size;
  /** All when absent. */
  readonly parts?: readonly Part[];
  /** Names of models; all when absent. */
  readonly models?: readonly string[];
}

/** Page to worker, once. */
export type ToWorker = { readonly kind: 'start'; readonly options: BenchOptions };

/** Worker to page. */
export type FromWorker =
  | { readonly kind: 'row'; readonly row: GpuRow }
  /** What comes after the adapter's row. */
  | { readonly kind: 'plan'; readonly planned: readonly PlannedRow[] }
  | { readonly kind: 'done' }
  /** The worker cannot go on; nothing else follows. */
  | { readonly kind: 'crashed'; readonly error: ErrorBody };
