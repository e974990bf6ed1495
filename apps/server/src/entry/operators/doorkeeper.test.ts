import { type ErrorCode, Password, StrataError } from '@strata/fl-core/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accounts, apiTokens, sessions } from '../../store/schema.ts';
import type { Store } from '../../store/store.ts';
import { openTestStore } from '../../store/testing.ts';
import { Allowance } from '../allowance.ts';
import { commandAccount, createAccount, listAccounts } from './accounts.ts';
import { createToken, listTokens, revokeToken } from './api-tokens.ts';
import { Doorkeeper } from './doorkeeper.ts';
import type { Operator } from './operator.ts';
import { hashPassword } from './passwords.ts';
import { csrfOf, openSession } from './sessions.ts';

const first = 'the-token-that-is-printed';
const program = 'the-token-of-a-program';
const words = 'four words of mine';

let store: Store;
let lines: unknown[] = [];
beforeAll(async () => {
  store = await openTestStore();
  password = await hashPassword(words);
}, 120_000);
afterAll(() => store?.close());
beforeEach(async () => {
  lines = [];
  for (const table of [sessions, apiTokens, accounts]) await store.db.delete(table);
});

const allowance = () => new Allowance({ participantsPerAddress: 10, clientsPerRun: 10 });
const doorkeeper = (
  operatorToken: string | null = null,
  firstToken: string | null = first,
  limits = allowance(),
) =>
  new Doorkeeper(store, { operatorToken, firstToken }, limits, {
    warn: (...line: unknown[]) => void lines.push(line),
  });

async function refusal(promise: Promise<unknown>): Promise<ErrorCode | 'let in'> {
  try {
    await promise;
    return 'let in';
  } catch (error) {
    if (error instanceof StrataError) return error.code;
    throw error;
  }
}

const bearer = (token: string) => ({ bearer: token, cookie: null });
const page = (secret: string) => ({ bearer: null, cookie: secret });
const owner: Operator = {
  name: 'ada',
  role: 'owner',
  as: { kind: 'account', account: 'ada' },
  session: null,
};
/** Hashed once: that costs what it should. */
let password = '';
const account = async (name: string, role: 'viewer' | 'operator' | 'owner') => {
  await store.db.insert(accounts).values({ name, role, password, createdBy: 'ada' });
};
/** A page that has logged in, without the cost of its password. */
const loggedIn = (name: string) => openSession(store, { kind: 'account', account: name }, null);

describe('the token of the printed address', () => {
  it('makes one account, an owner’s, and is good for nothing before and after', async () => {
    const door = doorkeeper();
    expect(await door.session(null)).toEqual({ state: 'no-account' });
    expect(await refusal(door.admit(bearer(first), 'viewer', 'a'))).toBe('unauthorized');
    expect(await refusal(door.logIn({ token: first }, 'a'))).toBe('wrong-state');
    expect(await refusal(door.makeFirst('another', 'ada', words, 'a'))).toBe('unauthorized');

    const { secret, session } = await door.makeFirst(first, 'ada', words, 'a');
    expect(session).toMatchObject({ state: 'in', name: 'ada', role: 'owner', csrf: csrfOf(secret) });
    expect(await door.admit(page(secret), 'owner', 'a')).toMatchObject({ name: 'ada' });

    expect(await door.session(null)).toEqual({ state: 'out', signIn: null });
    expect(await refusal(door.makeFirst(first, 'eve', words, 'a'))).toBe('wrong-state');
    expect(await refusal(door.logIn({ token: first }, 'a'))).toBe('wrong-state');
    expect(await refusal(door.admit(bearer(first), 'viewer', 'a'))).toBe('unauthorized');
  });

  it('of two that are made at once makes one', async () => {
    const door = doorkeeper();
    const made = await Promise.all(
      ['ada', 'bob'].map((name) => refusal(door.makeFirst(first, name, words, 'a'))),
    );
    expect(made.sort()).toEqual(['let in', 'wrong-state']);
    expect(await listAccounts(store.db)).toHaveLength(1);
  });
});

describe('a password', () => {
  it('lets in; a wrong one, a wrong name and a token in its place do not, with the same words', async () => {
    await account('ada', 'operator');
    const door = doorkeeper();
    const { secret } = await door.logIn({ name: 'ada', password: words }, 'a');
    expect(await door.find(page(secret))).toMatchObject({ name: 'ada', role: 'operator' });
    const said = await Promise.all(
      [
        { name: 'ada', password: `${words}.` },
        { name: 'eve', password: words },
      ].map((by) => door.logIn(by, 'a').catch((error: StrataError) => error.toBody())),
    );
    expect(said[0]).toEqual(said[1]);
    expect(said[0]).toMatchObject({ code: 'unauthorized' });
    expect(JSON.stringify(lines)).not.toContain(words);
  });

  it('is guessed slowly from one address, and from many for one name; neither is looked at any more', async () => {
    await account('ada', 'owner');
    const limits = allowance();
    const door = doorkeeper(null, first, limits);
    const logIn = (address: string) => refusal(door.logIn({ name: 'ada', password: words }, address));
    for (let i = 0; i < 10; i++) limits.password('a', 'ada');
    expect(await logIn('a')).toBe('rate-limited');
    expect(await logIn('b')).toBe('let in');
    for (let i = 0; i < 90; i++) limits.password(`bot-${i}`, 'ada');
    expect(await logIn('c')).toBe('rate-limited');
  });

  it('is at least 12 characters, and the same by whatever keys it was typed', async () => {
    expect(Password.safeParse('eleven char').success).toBe(false);
    await createAccount(store, { name: 'ada', role: 'owner', password: 'Vögel im Garten' }, '');
    const decomposed = 'Vögel im Garten'.normalize('NFD');
    const door = doorkeeper();
    expect(await refusal(door.logIn({ name: 'ada', password: decomposed }, 'a'))).toBe('let in');
    const [row] = await store.db.select().from(accounts);
    expect(row?.password).toMatch(/^scrypt\$15\$8\$3\$/);
    expect(row?.password).not.toContain('Garten');
  });
});

describe('a session', () => {
  it('ends with the account’s role, password and life, and after half a day without use', async () => {
    const door = doorkeeper();
    await account('ada', 'owner');
    await account('bob', 'operator');
    const log = () => loggedIn('bob');
    for (const command of [
      { want: 'role', role: 'viewer' },
      { want: 'password', password: words },
    ] as const) {
      const secret = await log();
      await commandAccount(store, 'bob', command, 'ada');
      expect(await door.find(page(secret)), command.want).toBeNull();
    }
    const secret = await log();
    await store.db.update(sessions).set({ usedAt: new Date(Date.now() - 13 * 3_600_000) });
    expect(await door.find(page(secret))).toBeNull();
    const last = await log();
    await commandAccount(store, 'bob', { want: 'remove' }, 'ada');
    expect(await door.find(page(last))).toBeNull();
  });

  it('changes nothing without the value that only its own pages can read', async () => {
    await account('ada', 'owner');
    const door = doorkeeper();
    const secret = await loggedIn('ada');
    const csrf = (given?: string) => () => door.checkCsrf(page(secret), given);
    expect(csrf(csrfOf(secret))).not.toThrow();
    for (const wrong of [undefined, '', csrfOf('another')]) expect(csrf(wrong)).toThrow('not come from');
    // A program's token is sent by nobody's browser on its own.
    expect(() => door.checkCsrf({ bearer: 'x', cookie: secret }, undefined)).not.toThrow();
  });

  it('by a token lasts as long as the token, and by OPERATOR_TOKEN as long as that is set', async () => {
    await account('ada', 'owner');
    const door = doorkeeper(program);
    const { secret: token, token: made } = await createToken(store, owner, {
      name: 'ci',
      role: 'viewer',
      days: 1,
    });
    const { secret } = await door.logIn({ token }, 'a');
    expect(await door.find(page(secret))).toMatchObject({ role: 'viewer', name: 'token "ci" of ada' });
    await revokeToken(store, owner, made.id);
    expect(await door.find(page(secret))).toBeNull();

    const { secret: ofProgram } = await door.logIn({ token: program }, 'a');
    expect(await door.find(page(ofProgram))).toMatchObject({ role: 'owner' });
    expect(await doorkeeper(null).find(page(ofProgram))).toBeNull();
    expect(await doorkeeper('a-token-of-another-program').find(page(ofProgram))).toBeNull();
  });
});

describe('a token of a program', () => {
  it('guessed by an address is logged, then not looked at any more; others are not slowed', async () => {
    const door = doorkeeper(program);
    const answers: string[] = [];
    for (let i = 0; i < 60; i++) answers.push(await refusal(door.admit(bearer(`guess-${i}`), 'viewer', 'a')));
    expect(answers.filter((code) => code === 'unauthorized').length).toBeLessThan(50);
    expect(answers.at(-1)).toBe('rate-limited');
    expect(await refusal(door.admit(bearer(program), 'viewer', 'a'))).toBe('rate-limited');
    expect(await refusal(door.admit(bearer(program), 'owner', 'b'))).toBe('let in');
    expect(lines.length).toBeGreaterThan(0);
    expect(JSON.stringify(lines)).not.toContain('guess');
  });

  it('may be right, and missing, as often as it is', async () => {
    const door = doorkeeper(program);
    for (let i = 0; i < 200; i++) await door.admit(bearer(program), 'owner', 'a');
    for (let i = 0; i < 200; i++) {
      expect(await refusal(door.admit({ bearer: null, cookie: null }, 'viewer', 'a'))).toBe('unauthorized');
    }
    expect(await refusal(door.admit(bearer(program), 'owner', 'a'))).toBe('let in');
  });

  it('may no more than who made it may now, and is gone with them', async () => {
    await account('ada', 'owner');
    await account('bob', 'operator');
    const door = doorkeeper();
    const bob: Operator = {
      ...owner,
      name: 'bob',
      role: 'operator',
      as: { kind: 'account', account: 'bob' },
    };
    const wanted = { name: 'mine', days: 1 };
    expect(await refusal(createToken(store, bob, { ...wanted, role: 'owner' }))).toBe('forbidden');
    const { secret, token } = await createToken(store, bob, { ...wanted, role: 'operator' });
    expect(await door.find(bearer(secret))).toMatchObject({ role: 'operator' });
    await commandAccount(store, 'bob', { want: 'role', role: 'viewer' }, 'ada');
    expect(await door.find(bearer(secret))).toMatchObject({ role: 'viewer' });

    const carol: Operator = { ...bob, name: 'carol', as: { kind: 'account', account: 'carol' } };
    expect(await listTokens(store, carol)).toEqual([]);
    expect(await listTokens(store, owner)).toHaveLength(1);
    expect(await refusal(revokeToken(store, carol, token.id))).toBe('unknown-token');
    await commandAccount(store, 'bob', { want: 'remove' }, 'ada');
    expect(await door.find(bearer(secret))).toBeNull();
  });
});

it('somebody stays an owner', async () => {
  await account('ada', 'owner');
  for (const command of [{ want: 'remove' }, { want: 'role', role: 'operator' }] as const) {
    expect(await refusal(commandAccount(store, 'ada', command, 'ada'))).toBe('wrong-state');
  }
  await account('bob', 'owner');
  expect(await refusal(commandAccount(store, 'ada', { want: 'remove' }, 'ada'))).toBe('let in');
  expect(await refusal(createAccount(store, { name: 'bob', role: 'viewer', password: words }, ''))).toBe(
    'wrong-state',
  );
  expect(await refusal(commandAccount(store, 'ada', { want: 'remove' }, 'ada'))).toBe('unknown-account');
});
