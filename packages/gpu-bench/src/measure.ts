import type { Meters } from './meters.ts';
import type { Selection } from './workload.ts';

/** Training steps on one selection: loss, gradients of the chosen layers, AdamW. */
export interface Steps {
  /** Does one step and returns its loss, when all of it is done. */
  take(): Promise<number>;
  /** Frees what belongs to this selection. */
  end(): Promise<void>;
}

/** Something that trains. */
export interface MeasuredTrainer {
  readonly meters: Meters;
  /** Null where the engine has nothing of the kind. Every selection starts from the initial weights. */
  prepare(selection: Selection): Promise<Steps | null>;
}

export interface MeasureOptions {
  /** Measured steps, after those that warm up; fewer where they take too long. */
  readonly steps: number;
  /** Losses of so many first steps are told, where that takes no longer than the measured steps may. */
  readonly losses: number;
}

export interface StepFigures {
  /** Of a measured step: the median. */
  readonly ms: number;
  readonly fastestMs: number;
  /** Until the last command of a step was handed to the device: JavaScript's share, null where there is no device. */
  readonly jsMs: number | null;
  /** What the first step took longer: uploads and compilation. */
  readonly compileMs: number;
  readonly dispatches: number | null;
  readonly peakBytes: number | null;
  readonly firstLoss: number;
  /** Of the first steps, each before its update. */
  readonly losses: readonly number[];
}

/** Time for the measured steps of one selection, in milliseconds. */
const budgetMs = 10_000;

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** The middle value; the mean of the two in the middle of an even number. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/**
 * What comes before the measured steps, after the first one, which compiles and uploads: one more step, and so many that
 * the card has left the clock that it idles at, and that the trainer has settled on what it does from then on.
 */
const warmUpMs = 700;

export async function measureSteps(
  { meters }: MeasuredTrainer,
  running: Steps,
  options: MeasureOptions,
): Promise<StepFigures> {
  const losses: number[] = [];
  const take = async () => {
    const start = performance.now();
    losses.push(await running.take());
    const ms = performance.now() - start;
    const submit = meters.lastSubmit();
    return { ms, jsMs: submit === null ? null : submit - start };
  };
  const first = await take();
  // An engine whose steps take longer than the budget is asked for one more, which is the one measured.
  if (first.ms < budgetMs) {
    let warm = 0;
    do warm += (await take()).ms;
    while (warm < warmUpMs);
  }
  const before = meters.dispatches();
  meters.restart();
  const taken: { ms: number; jsMs: number | null }[] = [];
  const spent = () => sum(taken.map((t) => t.ms));
  while (taken.length < options.steps && spent() < budgetMs) taken.push(await take());
  const after = meters.dispatches();
  const peakBytes = meters.peakBytes();
  const ms = median(taken.map((t) => t.ms));
  while (losses.length < options.losses && ms * options.losses < budgetMs) await take();
  await running.end();
  const jsMs = taken.map((t) => t.jsMs).filter((t) => t !== null);
  return {
    ms,
    fastestMs: Math.min(...taken.map((t) => t.ms)),
    jsMs: jsMs.length === 0 ? null : median(jsMs),
    compileMs: Math.max(0, first.ms - ms),
    dispatches: before === null || after === null ? null : (after - before) / taken.length,
    peakBytes,
    firstLoss: losses[0]!,
    losses: losses.slice(0, options.losses),
  };
}
