import {
  type AccountCommand,
  type AccountView,
  type AuditKind,
  type NewAccount,
  type Role,
  StrataError,
} from '@strata/fl-core/protocol';
import { and, eq, sql } from 'drizzle-orm';
import type { z } from 'zod';
import { appendAudit } from '../../store/audit-log.ts';
import { accounts } from '../../store/schema.ts';
import type { HasDb, Queryable } from '../../store/store.ts';
import { hashPassword, isPassword } from './passwords.ts';
import { closeSessionsOf } from './sessions.ts';

/** All accounts, by name. */
export async function listAccounts(db: Queryable): Promise<AccountView[]> {
  const rows = await db.select().from(accounts).orderBy(accounts.name);
  return rows.map(({ name, role, createdBy, createdAt }) => ({
    name,
    role,
    createdBy,
    createdAt: createdAt.getTime(),
  }));
}

export async function hasAccounts(db: Queryable): Promise<boolean> {
  return (await db.select({ name: accounts.name }).from(accounts).limit(1)).length > 0;
}

export type AccountRow = typeof accounts.$inferSelect;

export async function findAccount(db: Queryable, name: string): Promise<AccountRow | null> {
  const [row] = await db.select().from(accounts).where(eq(accounts.name, name));
  return row ?? null;
}

/** Makes the first account, an owner's. @throws {StrataError} `wrong-state` where there is one. */
export async function createFirstAccount({ db }: HasDb, name: string, password: string): Promise<void> {
  const hash = await hashPassword(password);
  await db.transaction(async (tx) => {
    await alone(tx);
    if (await hasAccounts(tx)) throw alreadySetUp();
    await tx.insert(accounts).values({ name, role: 'owner', password: hash, createdBy: '' });
    await appendAudit(tx, { who: name, kind: 'account-created', details: { account: name, role: 'owner' } });
  });
}

export const alreadySetUp = (): StrataError =>
  new StrataError(
    'wrong-state',
    'The first account of this server was made already; the printed address is good for nothing else.',
    'Log in with an account, or ask an owner for one.',
  );

/** @throws {StrataError} `wrong-state` where there is one of that name. */
export async function createAccount(
  { db }: HasDb,
  { name, role, password }: z.output<typeof NewAccount>,
  by: string,
): Promise<void> {
  const hash = await hashPassword(password);
  await db.transaction(async (tx) => {
    const made = await tx
      .insert(accounts)
      .values({ name, role, password: hash, createdBy: by })
      .onConflictDoNothing()
      .returning({ name: accounts.name });
    if (made.length === 0) {
      throw new StrataError('wrong-state', `There is an account ${name} already.`, 'Choose another name.');
    }
    await appendAudit(tx, { who: by, kind: 'account-created', details: { account: name, role } });
  });
}

/** Somebody whom an identity provider knows, and what they are here. */
export interface ProvidedAccount {
  readonly issuer: string;
  readonly subject: string;
  readonly role: Role;
  /** Whether the provider gives the role, each time anew; else it is that of a new account alone. */
  readonly mapped: boolean;
  /** What a new account may be called, the best first. */
  readonly names: readonly string[];
}

/**
 * The account of who signs in by an identity provider, made the first time. Known by issuer and subject alone: no account
 * of a name that they say they have, but their own.
 * @param firstByAddress whether the printed address makes the first account.
 * @throws {StrataError} `wrong-state` where there is no account yet and this would be no owner's, where no owner would be left,
 * and where all names are taken.
 */
export async function accountOfProvider(
  { db }: HasDb,
  { issuer, subject, role, mapped, names }: ProvidedAccount,
  firstByAddress: boolean,
): Promise<AccountRow> {
  return db.transaction(async (tx) => {
    await alone(tx);
    const known = and(eq(accounts.issuer, issuer), eq(accounts.subject, subject));
    const [before] = await tx.select().from(accounts).where(known);
    if (before !== undefined) {
      if (!mapped || before.role === role) return before;
      await keepOwner(tx, before, role);
      await tx.update(accounts).set({ role }).where(eq(accounts.name, before.name));
      const details = { account: before.name, role, issuer };
      await appendAudit(tx, { who: before.name, kind: 'account-changed', details });
      return { ...before, role };
    }
    // The printed address makes the first account, and would not any more.
    if (firstByAddress && role !== 'owner' && !(await hasAccounts(tx))) throw noOwnerYet();
    for (const name of names) {
      const row = { name, role, password: null, createdBy: issuer, issuer, subject };
      const [made] = await tx.insert(accounts).values(row).onConflictDoNothing().returning();
      if (made === undefined) continue;
      const details = { account: name, role, issuer };
      await appendAudit(tx, { who: name, kind: 'account-created', details });
      return made;
    }
    throw new StrataError(
      'wrong-state',
      'Every name that your account could have here is taken.',
      'Ask an owner to remove an account that nobody uses.',
    );
  });
}

const noOwnerYet = (): StrataError =>
  new StrataError(
    'wrong-state',
    'This server has no owner yet.',
    'Whoever runs it opens the printed address first, and makes the first account.',
  );

const kinds = {
  role: 'account-changed',
  password: 'password-changed',
  remove: 'account-removed',
} as const satisfies Record<AccountCommand['want'], AuditKind>;

/**
 * Does what an owner commands, and logs out whom it is about.
 * @throws {StrataError} `unknown-account`, or `wrong-state` where no owner would be left.
 */
export async function commandAccount(
  ports: HasDb,
  name: string,
  command: AccountCommand,
  by: string,
): Promise<void> {
  const password = command.want === 'password' ? await hashPassword(command.password) : '';
  await ports.db.transaction(async (tx) => {
    await alone(tx);
    const account = await findAccount(tx, name);
    if (account === null) throw unknownAccount(name);
    switch (command.want) {
      case 'role':
        await keepOwner(tx, account, command.role);
        await tx.update(accounts).set({ role: command.role }).where(eq(accounts.name, name));
        break;
      case 'password':
        await tx.update(accounts).set({ password }).where(eq(accounts.name, name));
        break;
      case 'remove':
        await keepOwner(tx, account, null);
        // With its sessions and the tokens that it made.
        await tx.delete(accounts).where(eq(accounts.name, name));
        break;
      default:
        command satisfies never;
    }
    await closeSessionsOf(tx, name);
    const details = { account: name, ...(command.want === 'role' ? { role: command.role } : {}) };
    await appendAudit(tx, { who: by, kind: kinds[command.want], details });
  });
}

/** @throws {StrataError} `unauthorized` where `current` is not the password. */
export async function changePassword(
  { db }: HasDb,
  name: string,
  current: string,
  password: string,
): Promise<void> {
  const account = await findAccount(db, name);
  if (!(await isPassword(current, account?.password ?? null))) {
    throw new StrataError('unauthorized', 'The present password is wrong.', 'Type it again.');
  }
  const hash = await hashPassword(password);
  await db.transaction(async (tx) => {
    await tx.update(accounts).set({ password: hash }).where(eq(accounts.name, name));
    await appendAudit(tx, { who: name, kind: 'password-changed', details: { account: name } });
  });
}

async function keepOwner(tx: Queryable, account: AccountRow, role: Role | null): Promise<void> {
  if (account.role !== 'owner' || role === 'owner') return;
  const owners = await tx.select({ name: accounts.name }).from(accounts).where(eq(accounts.role, 'owner'));
  if (owners.length > 1) return;
  throw new StrataError(
    'wrong-state',
    `${account.name} is the only owner, and somebody must be.`,
    'Make somebody else an owner first.',
  );
}

/** Until the transaction ends nobody else changes accounts: of two first accounts only one is. */
const alone = (tx: Queryable) => tx.execute(sql`LOCK TABLE accounts IN SHARE ROW EXCLUSIVE MODE`);

const unknownAccount = (name: string): StrataError =>
  new StrataError('unknown-account', `There is no account ${name}.`, 'Look at the list of accounts.');
