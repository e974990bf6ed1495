import type { ChannelSocket } from '@strata/client';
import {
  applyChange,
  type operatorChannel,
  type RunEvent,
  type RunView,
  type StrataError,
  type WatchedRun,
} from '@strata/fl-core/protocol';
import { asStrataError } from '../shared/api/api.ts';
import { mergeEvents } from './events.ts';

export type RunLink =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live'; readonly run: RunView }
  /** The server is away; `run` is the last that was seen. */
  | { readonly kind: 'away'; readonly run: RunView | null }
  | { readonly kind: 'refused'; readonly error: StrataError };

interface Watching {
  /** Not connected yet. */
  readonly socket: ChannelSocket<typeof operatorChannel>;
  /** The newest events, or those after an id. */
  readonly loadEvents: (after: number | null, signal: AbortSignal) => Promise<readonly RunEvent[]>;
  readonly onLink: (link: RunLink) => void;
  /** All that are kept, ascending. */
  readonly onEvents: (events: readonly RunEvent[]) => void;
  readonly retryMs?: number;
}

/** Refusals that trying again cannot change. */
const isFinal = ({ code }: StrataError): boolean =>
  code === 'unauthorized' || code === 'forbidden' || code === 'unknown-run' || code === 'bad-message';

/**
 * Connects, watches one run by its changes, and catches up by itself whenever one was missed or the server was away: the
 * run as a whole, the events from the last one that was seen (R9). Returns the way to stop.
 */
export function watchRun(
  id: string,
  { socket, loadEvents, onLink, onEvents, retryMs = 2000 }: Watching,
): () => void {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let watched: WatchedRun | null = null;
  let events: readonly RunEvent[] = [];

  const live = (now: WatchedRun) => {
    watched = now;
    onLink({ kind: 'live', run: now.view });
  };
  const away = () => {
    if (!abort.signal.aborted) onLink({ kind: 'away', run: watched?.view ?? null });
  };
  const add = (more: readonly RunEvent[]) => {
    events = mergeEvents(events, more);
    onEvents(events);
  };
  const stop = () => {
    abort.abort();
    clearTimeout(timer);
    socket.close();
  };
  const later = (what: () => void) => {
    clearTimeout(timer);
    timer = setTimeout(what, retryMs);
  };
  const refused = (error: StrataError) => {
    if (abort.signal.aborted) return;
    stop();
    onLink({ kind: 'refused', error });
  };

  const watch = async () => {
    try {
      live(await socket.ask('watch', { run: id }));
      add(await loadEvents(events.at(-1)?.id ?? null, abort.signal));
    } catch (caught) {
      const error = asStrataError(caught);
      if (isFinal(error)) return refused(error);
      away();
      if (!abort.signal.aborted) later(() => socket.connected && void watch());
    }
  };

  socket.open({
    connected: () => void watch(),
    disconnected: away,
    refused,
    pushes: {
      change: (change) => {
        if (change.run !== id || watched === null) return;
        const next = applyChange(watched, change);
        if (next !== null) live(next);
        // One was missed, or comes before the answer that has it already.
        else if (change.to > watched.version) void watch();
      },
      event: (event) => add([event]),
    },
  });
  return stop;
}
