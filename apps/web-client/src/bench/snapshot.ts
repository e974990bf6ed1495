import type { ErrorBody } from '@strata/fl-core/protocol';
import type { GpuRow } from '@strata/gpu-bench';
import type { PlannedRow } from '@strata/gpu-bench/strata';
import type { FromWorker } from './messages.ts';

/** One measurement as the page shows it. */
export interface BenchSnapshot {
  readonly state: 'starting' | 'running' | 'done' | 'stopped' | 'failed';
  /** When it was started, in milliseconds since 1970. */
  readonly began: number;
  /** When it was over; null until then. */
  readonly ended: number | null;
  readonly rows: readonly GpuRow[];
  /** Rows after the adapter's; null until they are known. */
  readonly planned: readonly PlannedRow[] | null;
  /** Why it failed. */
  readonly error: ErrorBody | null;
  /** The tab was in the background for a while, where browsers slow pages down. */
  readonly hidden: boolean;
}

export const initialSnapshot = (began: number): BenchSnapshot => ({
  state: 'starting',
  began,
  ended: null,
  rows: [],
  planned: null,
  error: null,
  hidden: false,
});

export const isOver = ({ state }: BenchSnapshot): boolean => state !== 'starting' && state !== 'running';

/** The snapshot after a message of the worker. */
export function after(snapshot: BenchSnapshot, message: FromWorker): BenchSnapshot {
  switch (message.kind) {
    case 'row':
      return { ...snapshot, state: 'running', rows: [...snapshot.rows, message.row] };
    case 'plan':
      return { ...snapshot, planned: message.planned };
    case 'done':
      return { ...snapshot, state: 'done' };
    case 'crashed':
      return { ...snapshot, state: 'failed', error: message.error };
    default:
      return message satisfies never;
  }
}

export interface Progress {
  /** Rows that came, of how many; the adapter's is not counted. */
  readonly done: number;
  readonly total: number;
  /** What is measured now; null before the first and after the last. */
  readonly now: PlannedRow | null;
}

/** How far it is; null until that is known. */
export function progressOf({ rows, planned }: BenchSnapshot): Progress | null {
  if (planned === null) return null;
  const done = rows.filter(({ part }) => part !== 'adapter').length;
  return { done: Math.min(done, planned.length), total: planned.length, now: planned[done] ?? null };
}

/** The results for other people: rows as those that the benchmark prints in Node. */
export function reportOf({ rows, began }: BenchSnapshot, userAgent: string): string {
  const report = { bench: 'gpu', where: 'browser', userAgent, date: new Date(began).toISOString(), rows };
  return `${JSON.stringify(report, null, 1)}\n`;
}
