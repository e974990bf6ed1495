import type { GpuRow, Size, StepRow } from '@strata/gpu-bench';

/** Whether our numbers can be believed, and why not. */
export interface VerdictRow {
  readonly part: 'verdict';
  readonly good: boolean;
  readonly problems: readonly string[];
  /** Our losses beside another engine's, from the same weights on the same samples. */
  readonly comparisons: readonly Comparison[];
}

interface Comparison {
  readonly model: string;
  readonly with: string;
  /** Of the first step's losses, and the largest of the first ten's; relative. */
  readonly first: number;
  readonly worst: number;
}

/** Far above what float32 sums in another order differ by, far below any wrong element. */
const productError = 1e-5;
/** Relative, of the loss: of the same weights, and after ten steps, over which rounding grows. */
const firstLossError = 1e-4;
const lossError: Readonly<Record<Size, number>> = { small: 1e-4, card: 1e-2 };

export function verdictOf(rows: readonly GpuRow[], size: Size): VerdictRow {
  const problems: string[] = [];
  const adapter = rows.find((row) => row.part === 'adapter');
  if (adapter === undefined) problems.push('There was no adapter.');
  else if (adapter.software && size === 'card') problems.push(`${adapter.name} is no graphics card.`);
  for (const row of rows) {
    if (row.part === 'failed' && row.by === 'strata') problems.push(`${row.what}: ${row.reason}`);
    if (row.part === 'product' && row.by === 'strata' && !(row.error < productError)) {
      problems.push(`Product ${row.name} is wrong by ${row.error}.`);
    }
  }
  const steps = rows.filter((row) => row.part === 'step').filter((row) => row.selection === 'full');
  const isOurs = (row: StepRow) => row.by === 'strata' && row.backend !== 'wasm';
  const ours = steps.filter(isOurs);
  if (ours.length === 0) problems.push('No training step was measured.');
  const comparisons = ours.flatMap((own) =>
    steps
      .filter((row) => row.model === own.model && !isOurs(row) && row.by !== 'torch compiled')
      .map((other) => compare(own, other)),
  );
  // Stock tfjs and jax-js are here for their speed; whether they are right is not ours to answer for.
  for (const c of comparisons.filter((c) => ['torch eager', 'strata on wasm'].includes(c.with))) {
    if (!(c.first < firstLossError) || !(c.worst < lossError[size])) {
      problems.push(`The losses of ${c.model} are ${c.first} (first) and ${c.worst} off those of ${c.with}.`);
    }
  }
  return { part: 'verdict', good: problems.length === 0, problems, comparisons };
}

function compare(own: StepRow, other: StepRow): Comparison {
  const errors = own.losses
    .slice(0, other.losses?.length ?? 0)
    .map((loss, i) => Math.abs(loss - other.losses[i]!) / Math.abs(other.losses[i]!));
  const first = Math.abs(own.firstLoss - other.firstLoss) / Math.abs(other.firstLoss);
  return {
    model: own.model,
    with: other.by === 'strata' ? `strata on ${other.backend}` : other.by,
    first,
    worst: Math.max(first, ...errors),
  };
}
