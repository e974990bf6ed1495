import { randomBytes } from 'node:crypto';
import { type InvitationView, type NewInvitation, StrataError } from '@strata/fl-core/protocol';
import { and, desc, eq, sql } from 'drizzle-orm';
import { hashSecret, isInvited, notInvited, sameHash } from '../entry/secrets.ts';
import { appendAudit } from '../store/audit-log.ts';
import { getRun, type RunRow } from '../store/rows.ts';
import { clients, invitations } from '../store/schema.ts';
import type { HasDb, Queryable } from '../store/store.ts';

/** Who may come into a run: by its join link, or by an invitation that has a place left. */

/** Of one run, used up and ended ones among them. */
const mostInvitations = 5_000;

type InvitationRow = typeof invitations.$inferSelect;

const toView = (row: InvitationRow, used: number): InvitationView => ({
  id: row.id,
  site: row.site,
  uses: row.uses,
  used,
  by: row.createdBy,
  createdAt: row.createdAt.getTime(),
  expiresAt: row.expiresAt.getTime(),
  revokedAt: row.revokedAt?.getTime() ?? null,
});

/** Places are counted, not written down: a client that is forgotten gives its own back. */
async function countUsed(db: Queryable, id: string): Promise<number> {
  const [row] = await db
    .select({ n: sql<number>`count(*)::int` })
    .from(clients)
    .where(eq(clients.invitation, id));
  return row?.n ?? 0;
}

/** Newest first. Throws `unknown-run`. */
export async function listInvitations({ db }: HasDb, run: string): Promise<InvitationView[]> {
  await getRun(db, run);
  const rows = await db
    .select({ row: invitations, used: sql<number>`count(${clients.id})::int` })
    .from(invitations)
    .leftJoin(clients, eq(clients.invitation, invitations.id))
    .where(eq(invitations.run, run))
    .groupBy(invitations.id)
    .orderBy(desc(invitations.createdAt));
  return rows.map(({ row, used }) => toView(row, used));
}

/** A new invitation; its secret is known to the caller alone from here on. Throws `unknown-run` or `unavailable`. */
export async function createInvitation(
  { db }: HasDb,
  run: string,
  { site, uses, days }: NewInvitation,
  by: string,
): Promise<{ secret: string; invitation: InvitationView }> {
  await getRun(db, run);
  const secret = randomBytes(16).toString('base64url'); // 128 bits, as the join link's
  const row = await db.transaction(async (tx) => {
    const [{ n } = { n: 0 }] = await tx
      .select({ n: sql<number>`count(*)::int` })
      .from(invitations)
      .where(eq(invitations.run, run));
    if (n >= mostInvitations) {
      throw new StrataError('unavailable', `This run has ${n} invitations.`, 'Make one with more uses.');
    }
    const id = `inv-${randomBytes(5).toString('hex')}`;
    const expiresAt = new Date(Date.now() + days * 86_400_000);
    const [made] = await tx
      .insert(invitations)
      .values({ id, run, hash: hashSecret(secret), site, uses, createdBy: by, expiresAt })
      .returning();
    const details = { id, site, uses: String(uses), days: String(days) };
    await appendAudit(tx, { who: by, kind: 'invitation-created', run, details });
    return made;
  });
  if (row === undefined) throw new StrataError('internal', 'The invitation was not kept.', 'Try again.');
  return { secret, invitation: toView(row, 0) };
}

/** It lets nobody new in; idempotent. Throws `unknown-run` or `unknown-invitation`. */
export async function revokeInvitation(
  { db }: HasDb,
  run: string,
  id: string,
  by: string,
): Promise<InvitationView> {
  await getRun(db, run);
  return db.transaction(async (tx) => {
    const which = and(eq(invitations.run, run), eq(invitations.id, id));
    const [before] = await tx.select().from(invitations).where(which).for('update');
    if (before === undefined) {
      throw new StrataError('unknown-invitation', `Run ${run} has no invitation ${id}.`, 'Look at the list.');
    }
    const used = await countUsed(tx, id);
    if (before.revokedAt !== null) return toView(before, used);
    const revokedAt = new Date();
    await tx.update(invitations).set({ revokedAt }).where(which);
    await appendAudit(tx, { who: by, kind: 'invitation-revoked', run, details: { id, site: before.site } });
    return toView({ ...before, revokedAt }, used);
  });
}

/**
 * By which invitation somebody with `key` comes in; null: by the join link, or because the run is listed. In a
 * transaction that adds the client, the place is the client's when that ends. Throws `not-invited`.
 */
export async function wayIn(db: Queryable, run: RunRow, key: string | undefined): Promise<string | null> {
  if (comesByLink(run, key)) return null;
  const [row] =
    key === undefined
      ? []
      : await db
          .select()
          .from(invitations)
          .where(and(eq(invitations.run, run.id), eq(invitations.hash, hashSecret(key))))
          .for('update');
  const refusal = row === undefined ? null : await refusalOf(db, row);
  if (row !== undefined && refusal === null) return row.id;
  if (isInvited(run, key)) return null;
  throw refusal ?? notInvited(key);
}

/** What is known without a look at the invitations: with the key of the join link, or with none where none is needed. */
const comesByLink = (run: RunRow, key: string | undefined): boolean =>
  isInvited(run, key) && (key === undefined || sameHash(hashSecret(key), hashSecret(run.joinKey)));

/** Why an invitation lets nobody in any more; null while it does. */
async function refusalOf(db: Queryable, row: InvitationRow): Promise<StrataError | null> {
  const ask = 'Ask whoever invited you for another one.';
  if (row.revokedAt !== null) return new StrataError('not-invited', 'This invitation was taken back.', ask);
  if (row.expiresAt.getTime() <= Date.now()) {
    return new StrataError('not-invited', 'This invitation has expired.', ask);
  }
  if ((await countUsed(db, row.id)) < row.uses) return null;
  return new StrataError(
    'not-invited',
    row.uses === 1 ? 'This invitation was used already.' : 'All places of this invitation are taken.',
    `If that was you, open the link in the browser that you joined in. ${ask}`,
  );
}
