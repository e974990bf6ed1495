import type { StrataError } from '@strata/fl-core/protocol';
import { QueryClient, type QueryKey, useQuery } from '@tanstack/react-query';
import { asStrataError } from '../api/api.ts';

export type Loaded<T> =
  | { readonly kind: 'loading' }
  /** `stale`: why the newest try to load it again failed; null where it is as new as it can be. */
  | { readonly kind: 'ready'; readonly value: T; readonly stale: StrataError | null }
  | { readonly kind: 'failed'; readonly error: StrataError };

/** What the pages have loaded, while they are open. */
export const loadedByPages = new QueryClient({
  defaultOptions: {
    queries: {
      // A page that cannot load says so at once, with what to do; what loads again and again tries again by itself.
      retry: false,
      // Whether the device thinks itself offline is no reason to wait in silence.
      networkMode: 'always',
      refetchOnWindowFocus: false,
      refetchOnReconnect: true,
    },
  },
});

/**
 * Loads, and with `everyMs` loads again and again while the page is visible. What is there stays until something newer
 * is: a try that fails makes it stale, and takes nothing away.
 * @param key of what is loaded: another one starts over, the same one is loaded once however many ask.
 */
export function useLoaded<T>(
  key: QueryKey,
  load: (signal: AbortSignal) => Promise<T>,
  { everyMs = 0 }: { everyMs?: number } = {},
): Loaded<T> & { readonly reload: () => void } {
  const { data, error, refetch } = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => load(signal),
    refetchInterval: everyMs > 0 && everyMs,
  });
  const reload = refetch as () => void; // the same function as long as the key is
  const trouble = error === null ? null : asStrataError(error);
  if (data !== undefined) return { kind: 'ready', value: data, stale: trouble, reload };
  return trouble === null ? { kind: 'loading', reload } : { kind: 'failed', error: trouble, reload };
}
