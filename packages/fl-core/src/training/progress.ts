/** How far a job (probe, train, evaluate) has come; yielded after every batch. */
export interface TrainingProgress {
  /** In [0, 1]. */
  readonly fraction: number;
  /** Mean loss of the batch just done. */
  readonly loss?: number;
  /** Told once, when the device ran out of memory and training goes on with fewer samples at a time. */
  readonly microBatch?: { readonly from: number; readonly to: number };
}

/** How the owner of a job stops it or makes it wait (C6). Looked at between batches. */
export interface JobControl {
  /** Aborting ends the job with the signal's reason; nothing of it remains. */
  readonly signal?: AbortSignal;
  /** Pending while the job is to pause; the job keeps its place and goes on when it resolves. */
  readonly gate?: () => Promise<void>;
  /** Whether training ends here, with what is done; asked between batches, after the first. Probes and evaluations do not ask. */
  readonly enough?: () => boolean;
}

/** A job: progress while it runs, a result when it is done. */
export type Job<Result> = AsyncGenerator<TrainingProgress, Result, void>;

/**
 * Runs between two batches: lets messages of the worker be handled, waits at the gate, throws when aborted.
 * A turn of the event loop, not a microtask or `tf.nextFrame`: a worker's turns go on in a hidden tab.
 */
export async function betweenBatches(control: JobControl = {}): Promise<void> {
  await nextTurn();
  control.signal?.throwIfAborted();
  if (control.gate === undefined) return;
  await unlessAborted(control.gate(), control.signal);
}

/** Timers wait a millisecond at least, and up to four where they are nested: as long as a small model's step. */
const nextTurn: () => Promise<void> =
  'setImmediate' in globalThis ? () => new Promise((resolve) => setImmediate(resolve)) : turnsByMessages();

function turnsByMessages(): () => Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      port2.postMessage(null);
    });
}

/** {@link betweenBatches} for work in small units: lets others run when `everyMs` have passed since the last time. */
export function betweenUnits(control: JobControl | undefined, everyMs = 20): () => Promise<void> {
  let last = Number.NEGATIVE_INFINITY;
  return async () => {
    control?.signal?.throwIfAborted();
    if (performance.now() - last < everyMs) return;
    await betweenBatches(control);
    last = performance.now();
  };
}

/** Waits for `work`, but no longer than until `signal` aborts: a paused job can still be ended. */
function unlessAborted(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Runs a job to its end, handing each progress to `report`. */
export async function finish<Result>(
  job: Job<Result>,
  report: (progress: TrainingProgress) => void = () => {},
): Promise<Result> {
  for (;;) {
    const step = await job.next();
    if (step.done) return step.value;
    report(step.value);
  }
}
