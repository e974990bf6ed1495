import type { StrataError } from '@strata/fl-core/protocol';
import { useCallback, useEffect, useRef, useState } from 'react';
import { asStrataError } from '../api/api.ts';

export type Loaded<T> =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: StrataError };

type Load<T> = (signal: AbortSignal) => Promise<T>;

/**
 * Loads, and with `everyMs` loads again and again while the page is visible. A reload keeps the old value until
 * the new one is there; another `load` (make it with `useCallback`) starts over.
 */
export function useLoaded<T>(
  load: Load<T>,
  { everyMs = 0 }: { everyMs?: number } = {},
): Loaded<T> & { readonly reload: () => void } {
  const [state, setState] = useState<{ load: Load<T>; loaded: Loaded<T> } | null>(null);
  const start = useRef<() => void>(() => {});

  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const settle = (loaded: Loaded<T>) => {
      if (!abort.signal.aborted) setState({ load, loaded });
    };
    const run = async (always: boolean) => {
      clearTimeout(timer);
      if (always || !document.hidden) {
        try {
          settle({ kind: 'ready', value: await load(abort.signal) });
        } catch (error) {
          settle({ kind: 'failed', error: asStrataError(error) });
        }
      }
      if (everyMs > 0 && !abort.signal.aborted) timer = setTimeout(() => void run(false), everyMs);
    };
    start.current = () => void run(true);
    start.current();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [load, everyMs]);

  const reload = useCallback(() => start.current(), []);
  return { ...(state?.load === load ? state.loaded : { kind: 'loading' }), reload };
}
