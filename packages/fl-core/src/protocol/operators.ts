import { z } from 'zod';
import { PlainLine } from './plain-text.ts';
import { Id } from './run.ts';

/**
 * Who operates a server. Roles, the least first; each may all that those before it may:
 * a viewer looks at runs; an operator makes, steers and exports them, and invites; an owner says who is what.
 */
export const roles = ['viewer', 'operator', 'owner'] as const;
export const Role = z.enum(roles);
export type Role = z.infer<typeof Role>;

/** Whether somebody of role `has` may what needs role `needs`. */
export const roleAllows = (has: Role, needs: Role): boolean => roles.indexOf(has) >= roles.indexOf(needs);

/** The lesser of two roles. */
export const lesserRole = (a: Role, b: Role): Role => (roleAllows(a, b) ? b : a);

/** What somebody logs in by: small letters, so that nobody is two. */
export const AccountName = z
  .string()
  .trim()
  .toLowerCase()
  .min(2, 'must have at least 2 characters')
  .max(64, 'must have at most 64 characters')
  .regex(
    /^[a-z0-9][a-z0-9._@+-]*$/,
    'may have letters, digits and . _ @ + - only, and begins with one of the first two',
  );

/** Long rather than strange (NIST SP 800-63B, 3.1.1.2): no other rule. */
export const Password = z
  .string()
  .min(12, 'must have at least 12 characters')
  .max(200, 'must have at most 200 characters');

const Millis = z.number().int(); // since the epoch
const Secret = z.string().max(1000);

/** By which identity provider people sign in: what the button says, and where it goes. */
export const SignIn = z.object({ name: z.string().max(200), address: z.string().max(2000) });
export type SignIn = z.infer<typeof SignIn>;

/** Query of `/operator` that says why somebody who came back from the identity provider is not in, by one of these. */
export const signInQuery = 'sign-in';
export const signInProblems = ['refused', 'no-role', 'account', 'busy', 'away'] as const;
export type SignInProblem = (typeof signInProblems)[number];

/** How a page stands with the server. */
export const Session = z.discriminatedUnion('state', [
  /** Nobody has an account here: the printed address makes the first one. */
  z.object({ state: z.literal('no-account') }),
  z.object({ state: z.literal('out'), signIn: SignIn.nullable().default(null) }),
  z.object({
    state: z.literal('in'),
    /** The account, or what stands in its place. */
    name: z.string(),
    role: Role,
    /** With a password that it can change. */
    account: z.boolean(),
    /** Goes with everything that changes something, as {@link csrfHeader}. */
    csrf: z.string(),
  }),
]);
export type Session = z.infer<typeof Session>;
export type SessionIn = Extract<Session, { state: 'in' }>;

/** Header that only a page of this server can send with a session: another site's page does not know its value. */
export const csrfHeader = 'x-strata-csrf';

/** With a password, or with the token of a program. */
export const LogIn = z.union([
  z.object({ name: AccountName, password: Secret }),
  z.object({ token: Secret }),
]);
export type LogIn = z.infer<typeof LogIn>;

/** The first account of a server, an owner's; `token` is the one of the printed address. */
export const FirstAccount = z.object({ token: Secret, name: AccountName, password: Password });

export const AccountView = z.object({
  name: z.string(),
  role: Role,
  createdAt: Millis,
  /** Who made it; empty for the first. */
  createdBy: z.string(),
});
export type AccountView = z.infer<typeof AccountView>;

export const NewAccount = z.object({ name: AccountName, role: Role, password: Password });

/** What an owner can do about an account. Whoever is meant is logged out. */
export const AccountCommand = z.discriminatedUnion('want', [
  z.object({ want: z.literal('role'), role: Role }),
  z.object({ want: z.literal('password'), password: Password }),
  z.object({ want: z.literal('remove') }),
]);
export type AccountCommand = z.infer<typeof AccountCommand>;

/** One's own password; ends one's other sessions. */
export const NewPassword = z.object({ current: Secret, password: Password });

/** A token of a program, without its secret. */
export const TokenView = z.object({
  id: Id,
  name: z.string(),
  /** What it may, as long as who made it may that, too. */
  role: Role,
  /** Who made it. */
  by: z.string(),
  createdAt: Millis,
  expiresAt: Millis,
  revokedAt: Millis.nullable(),
  /** To the hour. */
  usedAt: Millis.nullable(),
});
export type TokenView = z.infer<typeof TokenView>;

export const longestTokenDays = 366;
export const NewToken = z.object({
  name: PlainLine(80).min(1, 'must have a name'),
  role: Role,
  days: z.number().int().min(1).max(longestTokenDays),
});

/** A new token with its secret, which is told this once. */
export const MadeToken = z.object({ secret: z.string(), token: TokenView });
