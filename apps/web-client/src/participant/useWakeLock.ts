import { useEffect } from 'react';

/**
 * Keeps the screen on while `working`: a phone that sleeps trains nothing. Browsers give it to pages from https alone
 * and take it back when the page is hidden.
 */
export function useWakeLock(working: boolean): void {
  useEffect(() => {
    if (!working || !('wakeLock' in navigator)) return;
    let held: WakeLockSentinel | null = null;
    let done = false;
    const take = async () => {
      if (document.hidden || (held !== null && !held.released)) return;
      // Refused where the battery is low: then the screen goes as it would.
      held = await navigator.wakeLock.request('screen').catch(() => null);
      if (done) void held?.release();
    };
    void take();
    document.addEventListener('visibilitychange', take);
    return () => {
      done = true;
      document.removeEventListener('visibilitychange', take);
      void held?.release();
    };
  }, [working]);
}
