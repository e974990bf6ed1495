import { type AuditKind, type ClientCommand, StrataError } from '@strata/fl-core/protocol';
import { and } from 'drizzle-orm';
import type { HasNewcomers } from '../entry/newcomers.ts';
import type { HasLimits } from '../limits.ts';
import type { HasBus } from '../live/bus.ts';
import { appendAudit } from '../store/audit-log.ts';
import { type ClientRow, getClient, getRun, isClient } from '../store/rows.ts';
import { clients } from '../store/schema.ts';
import type { HasDb, Queryable } from '../store/store.ts';
import type { HasEvents } from '../views/event-log.ts';
import { checkSeats } from './admission.ts';
import { banned, clientLeft } from './clients.ts';

const removed = () =>
  new StrataError(
    'removed',
    'The operator has taken you out of this run.',
    'What you had sent for a finished round stays. If you think that is a mistake, ask whoever invited you, or join again.',
  );

const refused = () =>
  new StrataError(
    'banned',
    'The operator of this run has not let you in.',
    'Nothing of your data was sent. If you think that is a mistake, ask whoever invited you.',
  );

const kinds = {
  remove: 'client-removed',
  ban: 'client-banned',
  admit: 'client-admitted',
  approve: 'client-approved',
  refuse: 'client-refused',
} as const satisfies Record<ClientCommand['command'], AuditKind>;

export type ModerationPorts = HasDb &
  HasBus &
  HasEvents &
  HasNewcomers &
  HasLimits<'clientsPerRun' | 'registrationsPerRun'>;

/**
 * The operator lets a participant in or does not, sends it away, or lets it come back; `by` goes on record. Who is asked
 * about a client that waits no more does nothing. Throws `unknown-run`, `unknown-client`; `unavailable` where there is no room.
 */
export async function commandClient(
  ports: ModerationPorts,
  run: string,
  id: string,
  command: ClientCommand['command'],
  by: string,
): Promise<void> {
  const { db, bus, events } = ports;
  const { config } = await getRun(db, run);
  const client = await getClient(db, run, id);
  const name = client.hello?.name || id;
  const log = (kind: string, what: string) =>
    events.add(run, { kind, client: id, source: 'operator', message: `The operator ${what}.` });
  const record = (tx: Queryable) =>
    appendAudit(tx, { who: by, kind: kinds[command], run, details: { client: id } });
  /** Of a client that waits to be let in. Returns whether it did. */
  const decide = (change: Partial<ClientRow>) =>
    db.transaction(async (tx) => {
      const decided = await tx
        .update(clients)
        .set(change)
        .where(and(isClient(run, id), clients.awaitsApproval))
        .returning({ id: clients.id });
      if (decided.length > 0) await record(tx);
      return decided.length > 0;
    });
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
        // Who is let back in need not be let in as well.
        const seat = config.approval ? { proven: true, awaitsApproval: false } : {};
        await tx
          .update(clients)
          .set({ banned: false, ...seat })
          .where(isClient(run, id));
        await record(tx);
      });
      await log('client-admitted', `lets ${name} (${id}) come back`);
      return bus.changed(run);
    case 'approve':
      await checkSeats(ports, run);
      // With a seat: it is remembered, and gives way to no newcomer.
      if (!(await decide({ awaitsApproval: false, proven: true }))) return;
      ports.newcomers.leave(run, id);
      await log('client-approved', `let ${name} (${id}) in`);
      return bus.changed(run);
    case 'refuse':
      if (!(await decide({ awaitsApproval: false, banned: true }))) return;
      await log('client-refused', `did not let ${name} (${id}) in, who cannot come back under this id`);
      await clientLeft(ports, run, id, 'was not let in', 'operator');
      return bus.dismissed(run, id, refused().toBody());
    default:
      command satisfies never;
  }
}
