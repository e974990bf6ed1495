import { randomBytes } from 'node:crypto';
import { type NewToken, roleAllows, StrataError, type TokenView } from '@strata/fl-core/protocol';
import { and, desc, eq, isNull, sql } from 'drizzle-orm';
import type { z } from 'zod';
import { appendAudit } from '../../store/audit-log.ts';
import { accounts, apiTokens } from '../../store/schema.ts';
import type { HasDb } from '../../store/store.ts';
import { hashSecret } from '../secrets.ts';
import { accountOf, asToken, forbidden, type Operator, programName } from './operator.ts';

/** Tokens that one account, or all programs with OPERATOR_TOKEN, may have made, used up ones among them. */
const mostTokens = 200;
const noticeMs = 3_600_000;

type TokenRow = typeof apiTokens.$inferSelect;

const toView = (row: TokenRow): TokenView => ({
  id: row.id,
  name: row.name,
  role: row.role,
  by: row.account ?? programName,
  createdAt: row.createdAt.getTime(),
  expiresAt: row.expiresAt.getTime(),
  revokedAt: row.revokedAt?.getTime() ?? null,
  usedAt: row.usedAt?.getTime() ?? null,
});

/** Those that somebody made; an owner sees all. The newest first. */
export async function listTokens({ db }: HasDb, operator: Operator): Promise<TokenView[]> {
  const rows = await db
    .select()
    .from(apiTokens)
    .where(operator.role === 'owner' ? undefined : madeBy(operator))
    .orderBy(desc(apiTokens.createdAt));
  return rows.map(toView);
}

function madeBy(operator: Operator) {
  const account = accountOf(operator);
  return account === null ? isNull(apiTokens.account) : eq(apiTokens.account, account);
}

/**
 * A new token; its secret is known to the caller alone from here on.
 * @throws {StrataError} `forbidden` for a greater role than one's own, `unavailable` when there are too many.
 */
export async function createToken(
  { db }: HasDb,
  operator: Operator,
  { name, role, days }: z.output<typeof NewToken>,
): Promise<{ secret: string; token: TokenView }> {
  if (!roleAllows(operator.role, role)) throw forbidden(operator.role, role);
  const [{ n } = { n: 0 }] = await db
    .select({ n: sql<number>`count(*)::int` })
    .from(apiTokens)
    .where(madeBy(operator));
  if (n >= mostTokens) {
    throw new StrataError('unavailable', `${n} tokens were made already.`, 'Use one of those.');
  }
  const secret = `strata_${randomBytes(32).toString('base64url')}`;
  const row = await db.transaction(async (tx) => {
    const [made] = await tx
      .insert(apiTokens)
      .values({
        id: `token-${randomBytes(5).toString('hex')}`,
        hash: hashSecret(secret),
        name,
        role,
        account: accountOf(operator),
        expiresAt: new Date(Date.now() + days * 86_400_000),
      })
      .returning();
    const details = { token: name, role, days: String(days) };
    await appendAudit(tx, { who: operator.name, kind: 'token-created', details });
    return made;
  });
  if (row === undefined) throw new StrataError('internal', 'The token was not kept.', 'Try again.');
  return { secret, token: toView(row) };
}

/** Idempotent. @throws {StrataError} `unknown-token`, also for somebody else's that one may not see. */
export async function revokeToken({ db }: HasDb, operator: Operator, id: string): Promise<TokenView> {
  const own = operator.role === 'owner' ? undefined : madeBy(operator);
  const row = await db.transaction(async (tx) => {
    const [before] = await tx
      .select()
      .from(apiTokens)
      .where(and(eq(apiTokens.id, id), own))
      .for('update');
    if (before === undefined || before.revokedAt !== null) return before;
    const [revoked] = await tx
      .update(apiTokens)
      .set({ revokedAt: new Date() })
      .where(eq(apiTokens.id, id))
      .returning();
    await appendAudit(tx, { who: operator.name, kind: 'token-revoked', details: { token: before.name, id } });
    return revoked;
  });
  if (row) return toView(row);
  throw new StrataError('unknown-token', `There is no token ${id} of yours.`, 'Look at the list of tokens.');
}

/** Who brings the token; null where it is none, or good no more. Found by its hash: the time it takes tells nothing. */
export async function findToken({ db }: HasDb, secret: string): Promise<Operator | null> {
  const [row] = await db
    .select()
    .from(apiTokens)
    .leftJoin(accounts, eq(apiTokens.account, accounts.name))
    .where(eq(apiTokens.hash, hashSecret(secret)));
  if (!row) return null;
  const { api_tokens: token, accounts: maker } = row;
  const operator = asToken(token, maker);
  if (operator === null) return null;
  if (Date.now() - (token.usedAt?.getTime() ?? 0) > noticeMs) {
    await db.update(apiTokens).set({ usedAt: new Date() }).where(eq(apiTokens.id, token.id));
  }
  return { ...operator, session: null };
}
