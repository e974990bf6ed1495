import { randomBytes } from 'node:crypto';
import { and, eq, lt, ne, or } from 'drizzle-orm';
import { accounts, apiTokens, sessions } from '../../store/schema.ts';
import type { HasDb, Queryable } from '../../store/store.ts';
import { hashSecret } from '../secrets.ts';
import { asAccount, asProgram, asToken, type Operator, type OperatorAs } from './operator.ts';

/** A page that nobody uses is logged out after half a day, and each after a week. */
const idleMs = 12 * 3_600_000;
const longestMs = 7 * 86_400_000;
/** How old what is known of its last use may become. */
const noticeMs = 5 * 60_000;

/** What goes with everything that changes something. Made of the session's secret, which it does not tell. */
export const csrfOf = (secret: string): string => hashSecret(`csrf ${secret}`);

/** Logs a page in; gives the secret for its cookie. @param program sha256 of OPERATOR_TOKEN, where that logs in. */
export async function openSession({ db }: HasDb, as: OperatorAs, program: string | null): Promise<string> {
  const secret = randomBytes(32).toString('base64url');
  await db.delete(sessions).where(ended());
  await db.insert(sessions).values({
    hash: hashSecret(secret),
    account: as.kind === 'account' ? as.account : null,
    token: as.kind === 'token' ? as.token : null,
    program: as.kind === 'program' ? program : null,
  });
  return secret;
}

const ended = () =>
  or(
    lt(sessions.usedAt, new Date(Date.now() - idleMs)),
    lt(sessions.createdAt, new Date(Date.now() - longestMs)),
  );

/** Whose session it is; null where it has ended. @param program sha256 of OPERATOR_TOKEN; null where it is not set. */
export async function findSession(
  { db }: HasDb,
  secret: string,
  program: string | null,
): Promise<Operator | null> {
  const hash = hashSecret(secret);
  const [row] = await db
    .select()
    .from(sessions)
    .leftJoin(apiTokens, eq(sessions.token, apiTokens.id))
    // A token's session may what its maker may.
    .leftJoin(accounts, or(eq(sessions.account, accounts.name), eq(apiTokens.account, accounts.name)))
    .where(eq(sessions.hash, hash));
  if (!row) return null;
  const { sessions: session, api_tokens: token, accounts: account } = row;
  const now = Date.now();
  const [used, created] = [session.usedAt.getTime(), session.createdAt.getTime()];
  if (now - used > idleMs || now - created > longestMs) return null;
  const operator =
    token !== null
      ? asToken(token, account)
      : account !== null
        ? asAccount(account)
        : session.program !== null && session.program === program
          ? asProgram()
          : null;
  if (operator === null) return null;
  if (now - used > noticeMs)
    await db.update(sessions).set({ usedAt: new Date() }).where(eq(sessions.hash, hash));
  return { ...operator, session: hash };
}

/** The page is logged out. */
export async function closeSession({ db }: HasDb, hash: string): Promise<void> {
  await db.delete(sessions).where(eq(sessions.hash, hash));
}

/** All pages of an account are logged out, but for one. */
export async function closeSessionsOf(
  db: Queryable,
  account: string,
  but: string | null = null,
): Promise<void> {
  await db
    .delete(sessions)
    .where(and(eq(sessions.account, account), but === null ? undefined : ne(sessions.hash, but)));
}
