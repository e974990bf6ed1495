import type { GpuRow, StepRow } from '@strata/gpu-bench';

export type RowOf<Part extends GpuRow['part']> = Extract<GpuRow, { part: Part }>;

/** The rows of one part, in the order in which they came. */
export const rowsOf = <Part extends GpuRow['part']>(rows: readonly GpuRow[], part: Part): RowOf<Part>[] =>
  rows.filter((row): row is RowOf<Part> => row.part === part);

/** A step beside the same model's full step. */
export interface StepView {
  readonly row: StepRow;
  /** Of the full step's time, and of the operations of its products; null where the full step is missing. */
  readonly timeShare: number | null;
  readonly workShare: number | null;
  /** Of the model's longest step, for its bar. */
  readonly width: number;
}

export interface ModelSteps {
  readonly model: string;
  readonly steps: readonly StepView[];
}

/** Steps by model. */
export function stepsByModel(rows: readonly GpuRow[]): ModelSteps[] {
  const steps = rowsOf(rows, 'step');
  return [...new Set(steps.map(({ model }) => model))].map((model) => {
    const own = steps.filter((row) => row.model === model);
    const full = own.find(({ selection }) => selection === 'full');
    const longest = Math.max(...own.map(({ ms }) => ms));
    return {
      model,
      steps: own.map((row) => ({
        row,
        timeShare: full ? row.ms / full.ms : null,
        workShare: full ? row.flops / full.flops : null,
        width: row.ms / longest,
      })),
    };
  });
}

export interface KernelShare {
  readonly label: string;
  readonly ms: number;
  readonly dispatches: number;
  /** Of all of the step's kernels. */
  readonly share: number;
}

/** The kernels that take most, and all others as one. */
export function topKernels({ kernels, ms }: RowOf<'kernels'>, most: number): KernelShare[] {
  const share = (part: number) => (ms > 0 ? part / ms : 0);
  const others = kernels.slice(most);
  const sum = (of: 'ms' | 'dispatches') => others.reduce((total, kernel) => total + kernel[of], 0);
  const top = kernels.slice(0, most).map((kernel) => ({ ...kernel, share: share(kernel.ms) }));
  if (others.length === 0) return top;
  const label = `${others.length} others`;
  return [...top, { label, ms: sum('ms'), dispatches: sum('dispatches'), share: share(sum('ms')) }];
}
