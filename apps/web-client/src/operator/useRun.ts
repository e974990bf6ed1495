import { ChannelSocket } from '@strata/client';
import { operatorChannel, type RunEvent } from '@strata/fl-core/protocol';
import { useEffect, useState } from 'react';
import { getEvents } from './api.ts';
import { maxEvents } from './events.ts';
import { type RunLink, watchRun } from './watch-run.ts';

/** One run and its events, live. */
export function useRun(id: string): { readonly link: RunLink; readonly events: readonly RunEvent[] } {
  const [link, setLink] = useState<RunLink>({ kind: 'connecting' });
  const [events, setEvents] = useState<readonly RunEvent[]>([]);
  useEffect(() => {
    setLink({ kind: 'connecting' });
    setEvents([]);
    const socket = new ChannelSocket(operatorChannel, { server: '', auth: {} });
    return watchRun(id, {
      socket,
      loadEvents: (after, signal) => getEvents(id, after, maxEvents, signal),
      onLink: setLink,
      onEvents: setEvents,
    });
  }, [id]);
  return { link, events };
}
