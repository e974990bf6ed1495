import { setTimeout as sleep } from 'node:timers/promises';
import type { RunView } from '@strata/fl-core/protocol';
import type { Operator } from './operator.ts';

const everyMs = 2_000;

/**
 * Tells each event of a run as it happens, until the run is over.
 * @param signal ends the watching, not the run.
 * @returns the run as it was seen last.
 */
export async function watch(
  operator: Operator,
  run: string,
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<RunView> {
  let after: number | null = null;
  for (;;) {
    const view = await operator.show(run);
    for (const { id, at, round, message } of await operator.events(run, after)) {
      log(`${new Date(at).toISOString()} ${round === null ? '' : `round ${round}: `}${message}`);
      after = id;
    }
    if (view.state === 'finished' || view.state === 'stopped' || view.state === 'failed') return view;
    try {
      await sleep(everyMs, undefined, { signal });
    } catch {
      return view; // whoever watched has gone
    }
  }
}
