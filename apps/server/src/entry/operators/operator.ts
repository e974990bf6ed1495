import { lesserRole, type Role, StrataError } from '@strata/fl-core/protocol';
import type { accounts, apiTokens } from '../../store/schema.ts';

/** Somebody, or a program, who may operate the server. */
export interface Operator {
  /** For people and for the record: the account, the token and whose it is, or OPERATOR_TOKEN. */
  readonly name: string;
  readonly role: Role;
  readonly as: OperatorAs;
  /** The hash of the session of the page that asks; null for programs. */
  readonly session: string | null;
}

export type OperatorAs =
  /** `provided`: it signs in by an identity provider, and has no password here. */
  | { readonly kind: 'account'; readonly account: string; readonly provided?: boolean }
  | { readonly kind: 'token'; readonly token: string; readonly account: string | null }
  /** A program that was given OPERATOR_TOKEN. */
  | { readonly kind: 'program' };

/** What `OPERATOR_TOKEN` is called in lists and on record. */
export const programName = 'OPERATOR_TOKEN';

type AccountRow = Pick<typeof accounts.$inferSelect, 'name' | 'role'> & { readonly password?: string | null };
type TokenRow = Pick<
  typeof apiTokens.$inferSelect,
  'id' | 'name' | 'role' | 'account' | 'expiresAt' | 'revokedAt'
>;

export const asAccount = ({ name, role, password }: AccountRow): Omit<Operator, 'session'> => ({
  name,
  role,
  as: { kind: 'account', account: name, ...(password === null ? { provided: true } : {}) },
});

export const asProgram = (): Omit<Operator, 'session'> => ({
  name: programName,
  role: 'owner',
  as: { kind: 'program' },
});

/**
 * A token may what it says, and no more than who made it may now; null when it has expired or was revoked.
 * @param maker null: OPERATOR_TOKEN made it.
 */
export function asToken(
  { id, name, role, account, expiresAt, revokedAt }: TokenRow,
  maker: AccountRow | null,
): Omit<Operator, 'session'> | null {
  if (revokedAt !== null || expiresAt.getTime() <= Date.now()) return null;
  return {
    name: `token "${name}" of ${account ?? programName}`,
    role: maker === null ? role : lesserRole(role, maker.role),
    as: { kind: 'token', token: id, account },
  };
}

/** The account that an operator stands for; null: OPERATOR_TOKEN's. */
export function accountOf({ as }: Pick<Operator, 'as'>): string | null {
  switch (as.kind) {
    case 'account':
    case 'token':
      return as.account;
    case 'program':
      return null;
    default:
      return as satisfies never;
  }
}

/** What everybody hears who is not known, whatever was wrong. */
export const unknownOperator = (): StrataError =>
  new StrataError(
    'unauthorized',
    'This needs an operator, and nobody is logged in here.',
    'Log in at /operator; a program brings a token of this server that is still good.',
  );

export const forbidden = (has: Role, needs: Role): StrataError =>
  new StrataError(
    'forbidden',
    `This needs the role ${needs}, and yours is ${has}.`,
    'Ask an owner of this server.',
  );

export const notByPassword = (): StrataError =>
  new StrataError(
    'wrong-state',
    'Nobody is logged in here by a password.',
    'Log in with the account whose password is to change.',
  );
