import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import { type ClientHandle, type ClientOptions, type ClientSnapshot, startClient } from '../client/index.ts';

/** A client for as long as the page shows it; new `options` (by identity) start another one. */
export function useClient(options: ClientOptions): {
  readonly handle: ClientHandle | null;
  readonly snapshot: ClientSnapshot | null;
} {
  const [handle, setHandle] = useState<ClientHandle | null>(null);
  useEffect(() => {
    const started = startClient(options);
    setHandle(started);
    return () => {
      started.dispose();
      setHandle(null);
    };
  }, [options]);
  const subscribe = useCallback(
    (listener: () => void) => handle?.subscribe(listener) ?? (() => {}),
    [handle],
  );
  const snapshot = useSyncExternalStore(subscribe, () => handle?.snapshot() ?? null);
  return { handle, snapshot };
}
