import { type AuditKind, type ClientCommand, StrataError } from '@strata/fl-core/protocol';
import type { HasBus } from '../live/bus.ts';
import { appendAudit } from '../store/audit-log.ts';
import { getClient, getRun, isClient } from '../store/rows.ts';
import { clients } from '../store/schema.ts';
import type { HasDb, Queryable } from '../store/store.ts';
import type { HasEvents } from '../views/event-log.ts';
import { banned, clientLeft } from './clients.ts';

const removed = () =>
  new StrataError(
    'removed',
    'The operator has taken you out of this run.',
    'What you had sent for a finished round stays. If you think that is a mistake, ask whoever invited you, or join again.',
  );

const kinds = {
  remove: 'client-removed',
  ban: 'client-banned',
  admit: 'client-admitted',
} as const satisfies Record<ClientCommand['command'], AuditKind>;

/** The operator sends a participant away, or lets it come back; `by` goes on record. Throws `unknown-run` or `unknown-client`. */
export async function commandClient(
  ports: HasDb & HasBus & HasEvents,
  run: string,
  id: string,
  command: ClientCommand['command'],
  by: string,
): Promise<void> {
  const { db, bus, events } = ports;
  await getRun(db, run);
  const client = await getClient(db, run, id);
  const name = client.hello?.name || id;
  const log = (kind: string, what: string) =>
    events.add(run, { kind, client: id, source: 'operator', message: `The operator ${what}.` });
  const record = (tx: Queryable) =>
    appendAudit(tx, { who: by, kind: kinds[command], run, details: { client: id } });
  switch (command) {
    case 'remove':
      await db.transaction(record);
      await log('client-removed', `removed ${name} (${id})`);
      await clientLeft(ports, run, id, 'was removed', 'operator');
      return bus.dismissed(run, id, removed().toBody());
    case 'ban':
      // Before the connection ends: its next one must not find a way in.
      await db.transaction(async (tx) => {
        await tx.update(clients).set({ banned: true }).where(isClient(run, id));
        await record(tx);
      });
      await log('client-banned', `banned ${name} (${id}), who cannot come back under this id`);
      await clientLeft(ports, run, id, 'was banned', 'operator');
      return bus.dismissed(run, id, banned().toBody());
    case 'admit':
      await db.transaction(async (tx) => {
        await tx.update(clients).set({ banned: false }).where(isClient(run, id));
        await record(tx);
      });
      await log('client-admitted', `lets ${name} (${id}) come back`);
      return bus.changed(run);
    default:
      command satisfies never;
  }
}
