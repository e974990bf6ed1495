import { ErrorBody, operatorNamespace, RunEvent, RunView, type StrataError } from '@strata/fl-core/protocol';
import { useEffect, useState } from 'react';
import { io } from 'socket.io-client';
import { z } from 'zod';
import { asStrataError, errorFrom } from '../app/api.ts';
import { operatorToken } from '../app/token.ts';
import { getEvents } from './api.ts';
import { maxEvents, mergeEvents } from './events.ts';

export type RunLink =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live'; readonly run: RunView }
  /** The server is away; `run` is the last that was seen. */
  | { readonly kind: 'away'; readonly run: RunView | null }
  | { readonly kind: 'refused'; readonly error: StrataError };

const WatchAck = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: RunView }),
  z.object({ ok: z.literal(false), error: ErrorBody }),
]);
/** What the server's middleware attaches to a refused connection. */
const Refusal = z.object({ data: ErrorBody });

const ackTimeoutMs = 10_000;
const retryMs = 2_000;

/** Watches one run over the operators' socket, and catches up by itself after the server was away (R9). */
export function useRun(id: string): { readonly link: RunLink; readonly events: readonly RunEvent[] } {
  const [link, setLink] = useState<RunLink>({ kind: 'connecting' });
  const [events, setEvents] = useState<readonly RunEvent[]>([]);

  useEffect(() => {
    setLink({ kind: 'connecting' });
    setEvents([]);
    const abort = new AbortController();
    const socket = io(operatorNamespace, {
      transports: ['websocket'],
      auth: { token: operatorToken() ?? '' },
      reconnectionDelayMax: 3000,
    });
    let newest: number | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;

    const refuse = (error: StrataError) => {
      socket.disconnect();
      setLink({ kind: 'refused', error });
    };
    const away = () =>
      setLink((old) => ({ kind: 'away', run: old.kind === 'live' || old.kind === 'away' ? old.run : null }));
    const addEvents = (more: readonly RunEvent[]) => {
      newest = Math.max(newest ?? 0, ...more.map((e) => e.id));
      setEvents((old) => mergeEvents(old, more));
    };

    const watch = async () => {
      try {
        const ack = WatchAck.parse(await socket.timeout(ackTimeoutMs).emitWithAck('watch', { run: id }));
        if (!ack.ok) return refuse(errorFrom(ack.error));
        setLink({ kind: 'live', run: ack.value });
        addEvents(await getEvents(id, newest, maxEvents, abort.signal));
      } catch (error) {
        if (abort.signal.aborted) return;
        if (error instanceof z.ZodError) return refuse(asStrataError(error));
        away();
        timer = setTimeout(() => socket.connected && void watch(), retryMs);
      }
    };

    socket.on('connect', () => void watch());
    socket.on('run', (message: unknown) => {
      const run = RunView.safeParse(message);
      if (run.success && run.data.id === id) setLink({ kind: 'live', run: run.data });
    });
    socket.on('event', (message: unknown) => {
      const event = RunEvent.safeParse(message);
      if (event.success) addEvents([event.data]);
    });
    socket.on('disconnect', (reason) => {
      away();
      // socket.io tries again by itself unless the server closed the connection on purpose, as when it stops
      if (reason === 'io server disconnect') timer = setTimeout(() => socket.connect(), retryMs);
    });
    socket.on('connect_error', (error) => {
      const refusal = Refusal.safeParse(error);
      if (refusal.success) refuse(errorFrom(refusal.data.data));
      else away();
    });

    return () => {
      abort.abort();
      clearTimeout(timer);
      socket.disconnect();
    };
  }, [id]);

  return { link, events };
}
