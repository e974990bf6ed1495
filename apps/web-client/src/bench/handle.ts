import type { BenchOptions, FromWorker, ToWorker } from './messages.ts';
import { after, type BenchSnapshot, initialSnapshot, isOver } from './snapshot.ts';

/** A page's hold on one measurement, which runs in a worker of its own. */
export interface BenchHandle {
  /** The newest state; the same object until something changes. */
  snapshot(): BenchSnapshot;
  /** Calls `listener` after every change; returns the way to stop it. */
  subscribe(listener: () => void): () => void;
  /** Ends it; the rows that came are kept. */
  stop(): void;
}

export function startBench(options: BenchOptions): BenchHandle {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    type: 'module',
    name: 'strata bench',
  });
  const listeners = new Set<() => void>();
  let snapshot: BenchSnapshot = { ...initialSnapshot(Date.now()), hidden: document.hidden };

  const end = () => {
    worker.terminate();
    document.removeEventListener('visibilitychange', watch);
  };
  const set = (next: BenchSnapshot) => {
    // Messages that were on their way when it ended.
    if (isOver(snapshot)) return;
    snapshot = isOver(next) ? { ...next, ended: Date.now() } : next;
    if (isOver(snapshot)) end();
    for (const listener of listeners) listener();
  };
  function watch(): void {
    if (document.hidden && !snapshot.hidden) set({ ...snapshot, hidden: true });
  }
  document.addEventListener('visibilitychange', watch);

  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => set(after(snapshot, data));
  worker.onerror = (event) => {
    const error = {
      code: 'internal',
      message: `The measurement stopped${event.message ? `: ${event.message}` : '.'}`,
      hint: 'Reload the page. If it happens again, use a current version of Chrome, Edge, Firefox or Safari.',
    } as const;
    set(after(snapshot, { kind: 'crashed', error }));
  };
  const start: ToWorker = { kind: 'start', options };
  worker.postMessage(start);

  return {
    snapshot: () => snapshot,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: () => set({ ...snapshot, state: 'stopped' }),
  };
}
