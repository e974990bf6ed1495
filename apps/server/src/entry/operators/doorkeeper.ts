import {
  type LogIn,
  type Role,
  roleAllows,
  type Session,
  type SignIn,
  StrataError,
} from '@strata/fl-core/protocol';
import type { FastifyBaseLogger } from 'fastify';
import { recordAudit } from '../../store/audit-log.ts';
import type { HasDb } from '../../store/store.ts';
import type { Allowance } from '../allowance.ts';
import { hashSecret, sameHash } from '../secrets.ts';
import { accountOfProvider, alreadySetUp, createFirstAccount, findAccount, hasAccounts } from './accounts.ts';
import { findToken } from './api-tokens.ts';
import type { OpenId } from './openid/openid.ts';
import {
  asAccount,
  asProgram,
  forbidden,
  type Operator,
  type OperatorAs,
  unknownOperator,
} from './operator.ts';
import { isPassword } from './passwords.ts';
import { csrfOf, findSession, openSession } from './sessions.ts';

/** What somebody brings to be known by. */
export interface Credentials {
  /** What stands behind `Bearer`; it counts where both are there. */
  readonly bearer: string | null;
  /** The secret of a session. */
  readonly cookie: string | null;
}

export interface DoorkeeperOptions {
  /** OPERATOR_TOKEN: an owner's token for programs, as long as it is set. */
  readonly operatorToken: string | null;
  /** The token of the printed address: it makes the first account, and is good for nothing else. */
  readonly firstToken: string | null;
}

/** A page that has logged in, and the secret of its session. */
export interface LoggedIn {
  readonly secret: string;
  readonly session: Session;
}

/** Knows who operates the server; an address that guesses is slowed down, and logged. */
export class Doorkeeper {
  readonly #ports: HasDb;
  readonly #allowance: Allowance;
  readonly #log: Pick<FastifyBaseLogger, 'warn'>;
  /** sha256 of either. */
  readonly #program: string | null;
  readonly #first: string | null;

  constructor(
    ports: HasDb,
    { operatorToken, firstToken }: DoorkeeperOptions,
    allowance: Allowance,
    log: Pick<FastifyBaseLogger, 'warn'>,
  ) {
    this.#ports = ports;
    this.#allowance = allowance;
    this.#log = log;
    this.#program = operatorToken === null ? null : hashSecret(operatorToken);
    this.#first = firstToken === null ? null : hashSecret(firstToken);
  }

  /**
   * Who asks, of at least the role that is needed.
   * @throws {StrataError} `unauthorized`, `forbidden`, or `rate-limited` without having looked.
   */
  async admit(credentials: Credentials, needs: Role, address: string): Promise<Operator> {
    const operator = await this.#known(credentials, address);
    if (!roleAllows(operator.role, needs)) throw forbidden(operator.role, needs);
    return operator;
  }

  async #known(credentials: Credentials, address: string): Promise<Operator> {
    // Who brings nothing asks, too: that is nobody's guess, and no news.
    if (!credentials.bearer && !credentials.cookie) throw unknownOperator();
    this.#allowance.guess(address);
    const operator = await this.find(credentials);
    if (operator !== null) {
      this.#allowance.guessed(address);
      return operator;
    }
    // The cookie of a session that has ended was good: no news, but it costs a question to the database.
    if (credentials.bearer) {
      this.#log.warn({ address }, 'A token was tried that is none of an operator, or good no more.');
    }
    throw unknownOperator();
  }

  /** Who it is, if anybody; limits nothing. */
  async find({ bearer, cookie }: Credentials): Promise<Operator | null> {
    if (bearer !== null) {
      if (this.#isProgram(bearer)) return { ...asProgram(), session: null };
      return findToken(this.#ports, bearer);
    }
    return cookie === null ? null : findSession(this.#ports, cookie, this.#program);
  }

  /**
   * What comes with a session and changes something must come from a page that could read the session's value.
   * @throws {StrataError} `forbidden`
   */
  checkCsrf({ bearer, cookie }: Credentials, given: string | undefined): void {
    if (bearer !== null || cookie === null) return;
    if (given !== undefined && sameHash(given, csrfOf(cookie))) return;
    throw new StrataError(
      'forbidden',
      'This did not come from a page of this server that is logged in.',
      'Reload the page, then try again.',
    );
  }

  /** How the page stands that brings this cookie. @param signIn by which identity provider people may come in; null: none. */
  async session(cookie: string | null, signIn: SignIn | null = null): Promise<Session> {
    const operator = await this.find({ bearer: null, cookie });
    if (operator !== null && cookie !== null) return sessionOf(operator, cookie);
    if (this.#first === null || (await hasAccounts(this.#ports.db))) return { state: 'out', signIn };
    return { state: 'no-account' };
  }

  /** @throws {StrataError} `unauthorized`, `wrong-state` for the token of the printed address, `rate-limited` */
  async logIn(by: LogIn, address: string): Promise<LoggedIn> {
    if ('token' in by) {
      if (this.#isFirst(by.token)) {
        this.#allowance.guess(address);
        this.#allowance.guessed(address);
        if (await hasAccounts(this.#ports.db)) throw alreadySetUp();
        throw new StrataError(
          'wrong-state',
          'Nobody has an account on this server yet.',
          'Make the first one: open the printed address, and choose a name and a password.',
        );
      }
      return this.#open(await this.#known({ bearer: by.token, cookie: null }, address));
    }
    const { name, password } = by;
    this.#allowance.password(address, name);
    const account = await findAccount(this.#ports.db, name);
    if (!(await isPassword(password, account?.password ?? null)) || account === null) {
      this.#log.warn({ address }, 'A wrong name or password was tried.');
      throw new StrataError('unauthorized', 'The name or the password is wrong.', 'Type both again.');
    }
    this.#allowance.rightPassword(address, name);
    await recordAudit(this.#ports, { who: name, kind: 'logged-in' });
    return this.#open({ ...asAccount(account), session: null });
  }

  /** Makes the first account and logs it in. @throws {StrataError} `unauthorized`, `wrong-state`, `rate-limited` */
  async makeFirst(token: string, name: string, password: string, address: string): Promise<LoggedIn> {
    this.#allowance.guess(address);
    if (!this.#isFirst(token)) {
      this.#log.warn({ address }, 'A wrong token for the first account was tried.');
      throw new StrataError(
        'unauthorized',
        'This is not the token of the printed address.',
        'Open the address that the server printed when it started, as it is.',
      );
    }
    this.#allowance.guessed(address);
    await createFirstAccount(this.#ports, name, password);
    return this.#open({ ...asAccount({ name, role: 'owner' }), session: null });
  }

  /**
   * Who comes back from the identity provider.
   * @param secret of the cookie that the sign-in was begun with; null where the browser has none.
   * @throws {StrataError} as `OpenId.finish` and `accountOfProvider`; `rate-limited`
   */
  async signIn(openId: OpenId, secret: string | null, query: string, address: string): Promise<LoggedIn> {
    this.#allowance.guess(address);
    const known = await openId.finish(secret, query);
    this.#allowance.guessed(address);
    const account = await accountOfProvider(this.#ports, known, this.#first !== null);
    const details = { issuer: known.issuer };
    await recordAudit(this.#ports, { who: account.name, kind: 'logged-in', details });
    return this.#open({ ...asAccount(account), session: null });
  }

  async #open(operator: Operator): Promise<LoggedIn> {
    const secret = await openSession(this.#ports, operator.as, this.#program);
    return { secret, session: sessionOf(operator, secret) };
  }

  #isProgram(token: string): boolean {
    return this.#program !== null && sameHash(hashSecret(token), this.#program);
  }

  #isFirst(token: string): boolean {
    return this.#first !== null && sameHash(hashSecret(token), this.#first);
  }
}

const hasPassword = (as: OperatorAs): boolean => as.kind === 'account' && !as.provided;

const sessionOf = ({ name, role, as }: Operator, secret: string): Session => ({
  state: 'in',
  name,
  role,
  account: hasPassword(as),
  csrf: csrfOf(secret),
});

export interface HasDoorkeeper {
  readonly doorkeeper: Doorkeeper;
}
