import type { RoundDetail, RunView } from '@strata/fl-core/protocol';
import { useCallback, useEffect, useState } from 'react';
import { type Loaded, useLoaded } from '../../shared/hooks/useLoaded.ts';
import { getRound } from '../api.ts';

export type LoadedRound = Loaded<RoundDetail> & { readonly reload: () => void };

/**
 * The round's detail, loaded again whenever its summary says that something happened; until another round is there,
 * the one before. Without a round it loads for ever.
 */
export function useRound(run: RunView, round: number | null): LoadedRound {
  const load = useCallback(
    (signal: AbortSignal) =>
      round === null ? new Promise<never>(() => {}) : getRound(run.id, round, signal),
    [run.id, round],
  );
  const detail = useLoaded(['round', run.id, round], load);
  const summary = run.rounds.find((r) => r.round === round);
  const stamp = `${summary?.phase} ${summary?.updates} ${summary?.evaluatedSamples} ${Object.keys(summary?.importance ?? {}).length}`;
  useReloadOn(stamp, detail.reload);

  const [kept, keep] = useState<RoundDetail | null>(null);
  if (detail.kind === 'ready' && detail.value !== kept) keep(detail.value);
  if (detail.kind === 'loading' && kept !== null)
    return { kind: 'ready', value: kept, stale: null, reload: detail.reload };
  return detail;
}

/** Calls `reload` when `stamp` differs from the one of the render before. */
function useReloadOn(stamp: string, reload: () => void): void {
  const [seen, setSeen] = useState(stamp);
  useEffect(() => {
    if (seen === stamp) return;
    setSeen(stamp);
    reload();
  }, [seen, stamp, reload]);
}
