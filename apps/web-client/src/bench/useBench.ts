import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import { type BenchHandle, startBench } from './handle.ts';
import type { BenchOptions } from './messages.ts';
import type { BenchSnapshot } from './snapshot.ts';

/** A measurement for as long as the page is shown; another start ends the one before. */
export function useBench(): {
  readonly snapshot: BenchSnapshot | null;
  readonly start: (options: BenchOptions) => void;
  readonly stop: () => void;
} {
  const [handle, setHandle] = useState<BenchHandle | null>(null);
  useEffect(() => () => handle?.stop(), [handle]);
  const subscribe = useCallback(
    (listener: () => void) => handle?.subscribe(listener) ?? (() => {}),
    [handle],
  );
  const snapshot = useSyncExternalStore(subscribe, () => handle?.snapshot() ?? null);
  const start = useCallback((options: BenchOptions) => setHandle(startBench(options)), []);
  const stop = useCallback(() => handle?.stop(), [handle]);
  return { snapshot, start, stop };
}
