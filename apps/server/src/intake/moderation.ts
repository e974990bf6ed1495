import { type ClientCommand, StrataError } from '@strata/fl-core/protocol';
import type { HasBus } from '../live/bus.ts';
import { getClient, getRun, isClient } from '../store/rows.ts';
import { clients } from '../store/schema.ts';
import type { HasDb } from '../store/store.ts';
import type { HasEvents } from '../views/event-log.ts';
import { banned, clientLeft } from './clients.ts';

const removed = () =>
  new StrataError(
    'removed',
    'The operator has taken you out of this run.',
    'What you had sent for a finished round stays. If you think that is a mistake, ask whoever invited you, or join again.',
  );

/** The operator sends a participant away, or lets it come back. Throws `unknown-run` or `unknown-client`. */
export async function commandClient(
  ports: HasDb & HasBus & HasEvents,
  run: string,
  id: string,
  command: ClientCommand['command'],
): Promise<void> {
  const { db, bus, events } = ports;
  await getRun(db, run);
  const client = await getClient(db, run, id);
  const name = client.hello?.name || id;
  const log = (kind: string, what: string) =>
    events.add(run, { kind, client: id, source: 'operator', message: `The operator ${what}.` });
  switch (command) {
    case 'remove':
      await log('client-removed', `removed ${name} (${id})`);
      await clientLeft(ports, run, id, 'was removed', 'operator');
      return bus.dismissed(run, id, removed().toBody());
    case 'ban':
      // Before the connection ends: its next one must not find a way in.
      await db.update(clients).set({ banned: true }).where(isClient(run, id));
      await log('client-banned', `banned ${name} (${id}), who cannot come back under this id`);
      await clientLeft(ports, run, id, 'was banned', 'operator');
      return bus.dismissed(run, id, banned().toBody());
    case 'admit':
      await db.update(clients).set({ banned: false }).where(isClient(run, id));
      await log('client-admitted', `lets ${name} (${id}) come back`);
      return bus.changed(run);
    default:
      command satisfies never;
  }
}
