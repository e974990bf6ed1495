import { ErrorBody, RunEvent, RunView, StrataError } from '@strata/fl-core/protocol';
import type { Socket } from 'socket.io-client';
import { z } from 'zod';
import { asStrataError, understood } from '../shared/api/api.ts';
import { mergeEvents } from './events.ts';

export type RunLink =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live'; readonly run: RunView }
  /** The server is away; `run` is the last that was seen. */
  | { readonly kind: 'away'; readonly run: RunView | null }
  | { readonly kind: 'refused'; readonly error: StrataError };

interface Watching {
  /** Of the operators' namespace; not connected yet. */
  readonly socket: Socket;
  /** The newest events, or those after an id. */
  readonly loadEvents: (after: number | null, signal: AbortSignal) => Promise<readonly RunEvent[]>;
  readonly onLink: (link: RunLink) => void;
  /** All that are kept, ascending. */
  readonly onEvents: (events: readonly RunEvent[]) => void;
  readonly retryMs?: number;
}

const WatchAck = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: RunView }),
  z.object({ ok: z.literal(false), error: ErrorBody }),
]);
/** What the server attaches to a refused connection. */
const Refusal = z.object({ data: ErrorBody });

const ackTimeoutMs = 10_000;

/** Refusals that trying again cannot change. */
const isFinal = ({ code }: StrataError): boolean =>
  code === 'unauthorized' || code === 'unknown-run' || code === 'bad-message';

/**
 * Connects, watches one run, and catches up by itself whenever the server was away: the run as a whole, the
 * events from the last one that was seen (R9). Returns the way to stop.
 */
export function watchRun(
  id: string,
  { socket, loadEvents, onLink, onEvents, retryMs = 2000 }: Watching,
): () => void {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let run: RunView | null = null;
  let events: readonly RunEvent[] = [];

  const live = (view: RunView) => {
    run = view;
    onLink({ kind: 'live', run: view });
  };
  const away = () => {
    if (!abort.signal.aborted) onLink({ kind: 'away', run });
  };
  const add = (more: readonly RunEvent[]) => {
    events = mergeEvents(events, more);
    onEvents(events);
  };
  const stop = () => {
    abort.abort();
    clearTimeout(timer);
    socket.disconnect();
  };
  const later = (what: () => void) => {
    clearTimeout(timer);
    timer = setTimeout(what, retryMs);
  };
  const failed = (error: StrataError, again: () => void) => {
    if (abort.signal.aborted) return;
    if (isFinal(error)) {
      stop();
      onLink({ kind: 'refused', error });
      return;
    }
    away();
    later(again);
  };

  const watch = async () => {
    try {
      const ack = understood(WatchAck, await socket.timeout(ackTimeoutMs).emitWithAck('watch', { run: id }));
      if (!ack.ok) throw StrataError.fromBody(ack.error);
      live(ack.value);
      add(await loadEvents(events.at(-1)?.id ?? null, abort.signal));
    } catch (error) {
      failed(asStrataError(error), () => socket.connected && void watch());
    }
  };

  socket.on('connect', () => void watch());
  socket.on('run', (message: unknown) => {
    const view = RunView.safeParse(message);
    if (view.success && view.data.id === id) live(view.data);
  });
  socket.on('event', (message: unknown) => {
    const event = RunEvent.safeParse(message);
    if (event.success) add([event.data]);
  });
  socket.on('disconnect', (reason) => {
    away();
    // Socket.IO comes back by itself unless the server closed the connection on purpose
    if (reason === 'io server disconnect') later(() => socket.connect());
  });
  socket.on('connect_error', (error) => {
    const refusal = Refusal.safeParse(error);
    if (refusal.success) failed(StrataError.fromBody(refusal.data.data), () => socket.connect());
    else away();
  });
  socket.connect();
  return stop;
}
