import { Caller } from '@strata/client';
import { type AuditEntry, Role, routes, type Session } from '@strata/fl-core/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  accountOfProvider,
  commandAccount,
  createAccount,
  listAccounts,
} from '../entry/operators/accounts.ts';
import { namesFor } from '../entry/operators/openid/name.ts';
import { OpenId } from '../entry/operators/openid/openid.ts';
import { parseRoles, roleOf } from '../entry/operators/openid/role.ts';
import type { OpenIdSettings } from '../entry/operators/openid/settings.ts';
import { newestAudit } from '../store/audit-log.ts';
import { accounts, sessions } from '../store/schema.ts';
import {
  clientId,
  clientSecret,
  freePort,
  startProvider,
  TestBrowser,
  type TestProvider,
} from '../testing/openid-provider.ts';
import { serve, usedDataDir } from '../testing/server.ts';

/** People sign in by a real provider (npm `oidc-provider`), over the wire; a browser's part is played by a few lines. */

const people = {
  'subject-of-ada': { preferred_username: 'Ada', email: 'ada@lab.example', groups: ['strata-admins', 'x'] },
  'subject-of-bob': { preferred_username: 'bob', email: 'bob@lab.example', groups: ['ml'] },
  'subject-of-eve': { preferred_username: 'ada', email: 'eve@elsewhere.example', groups: [] },
};

// A dozen pages a sign-in, over the wire.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

let provider: TestProvider;
let server: Awaited<ReturnType<typeof serve>>;
let own: OpenIdSettings;
let publicUrl = '';
let back = '';

beforeAll(async () => {
  const port = await freePort();
  publicUrl = `http://127.0.0.1:${port}`;
  back = `${publicUrl}/api/session/openid/back`;
  provider = await startProvider(back, people);
  own = {
    issuer: provider.issuer,
    clientId,
    clientSecret,
    name: 'the lab',
    scopes: 'openid profile email',
    roleClaim: 'groups',
    roles: {
      byValue: new Map<string, Role>([
        ['strata-admins', 'owner'],
        ['ml', 'operator'],
      ]),
      others: null,
    },
    publicUrl,
  };
  server = await serve({ dataDir: await usedDataDir(), port, databaseUrl: null, openId: own });
}, 120_000);
afterAll(async () => {
  await server?.close();
  await provider?.close();
}, 60_000);
beforeEach(async () => {
  await server.store.db.delete(sessions);
  await server.store.db.delete(accounts);
  // names that somebody has already
  await createAccount(server.store, { name: 'ada', role: 'owner', password: 'four words of mine' }, 'test');
});

const begin = `/api/session/openid`;

/** The whole way; where the browser ends. */
async function signIn(browser: TestBrowser, person: string, url = publicUrl): Promise<string> {
  const authorization = await browser.sentTo(`${url}${begin}`);
  return browser.sentTo(await browser.through(authorization, person));
}

async function sessionOf(browser: TestBrowser, url = publicUrl): Promise<Session> {
  const cookie = browser.cookiesOf(new URL(url).host);
  const answer = await fetch(`${url}/api/session`, { headers: { cookie } });
  return ((await answer.json()) as { value: Session }).value;
}

const audit = async (): Promise<AuditEntry[]> => (await newestAudit(server.store.db, 20)).entries;

describe('signing in by an identity provider', () => {
  it('is offered where there is one, and leads there with PKCE, state, nonce and our own address alone', async () => {
    const browser = new TestBrowser();
    expect(await sessionOf(browser)).toEqual({
      state: 'out',
      signIn: { name: 'the lab', address: `${publicUrl}${begin}` },
    });
    const answer = await browser.ask(`${publicUrl}${begin}`);
    const [cookie] = answer.headers.getSetCookie();
    expect(cookie).toMatch(
      /^strata-sign-in-\d+=[\w-]{43}; Max-Age=600; Path=\/api\/session\/openid; HttpOnly; SameSite=Lax$/,
    );
    const { origin, searchParams } = new URL(answer.headers.get('location')!);
    expect(origin).toBe(provider.issuer);
    expect(Object.fromEntries(searchParams)).toEqual({
      client_id: clientId,
      redirect_uri: `${publicUrl}/api/session/openid/back`,
      response_type: 'code',
      scope: 'openid profile email',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
    // who asks by another name of the server is sent to the one that they come back to
    const { port } = new URL(publicUrl);
    expect(await browser.sentTo(`http://localhost:${port}${begin}?to=elsewhere`)).toBe(
      `${publicUrl}${begin}`,
    );
  });

  it('makes an account with the role of the mapping, logs it in as one with a password would be, and is on record', async () => {
    const browser = new TestBrowser();
    expect(await signIn(browser, 'subject-of-bob')).toBe(`${publicUrl}/operator`);
    expect(await sessionOf(browser)).toMatchObject({
      state: 'in',
      name: 'bob',
      role: 'operator',
      account: false, // there is no password to change
      csrf: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(
      (await listAccounts(server.store.db)).map(({ name, role, createdBy }) => [name, role, createdBy]),
    ).toEqual([
      ['ada', 'owner', 'test'],
      ['bob', 'operator', provider.issuer],
    ]);
    const [loggedIn, created] = await audit();
    expect(loggedIn).toMatchObject({ who: 'bob', kind: 'logged-in', details: { issuer: provider.issuer } });
    expect(created).toMatchObject({
      who: 'bob',
      kind: 'account-created',
      details: { account: 'bob', role: 'operator', issuer: provider.issuer },
    });
    // the password of nobody opens it
    const caller = new Caller({ server: publicUrl });
    for (const password of ['', 'null', 'four words of mine'])
      await expect(caller.call(routes.logIn, { body: { name: 'bob', password } })).rejects.toMatchObject({
        code: 'unauthorized',
      });
  });

  it('knows somebody by issuer and subject: never the account of a name that they say they have', async () => {
    provider.people['subject-of-eve'] = { ...people['subject-of-eve'], groups: ['ml'] };
    const browser = new TestBrowser();
    await signIn(browser, 'subject-of-eve');
    expect(await sessionOf(browser)).toMatchObject({ name: 'ada-2', role: 'operator' });
    provider.people['subject-of-eve'] = { preferred_username: 'root', groups: ['ml'] };
    const again = new TestBrowser();
    await signIn(again, 'subject-of-eve');
    expect(await sessionOf(again)).toMatchObject({ name: 'ada-2', role: 'operator' });
    provider.people['subject-of-eve'] = people['subject-of-eve'];
  });

  it('lets the role follow the mapping with each sign-in, and nobody in who has none', async () => {
    const browser = new TestBrowser();
    await signIn(browser, 'subject-of-bob');
    provider.people['subject-of-bob'] = { ...people['subject-of-bob'], groups: ['strata-admins', 'ml'] };
    await signIn(new TestBrowser(), 'subject-of-bob');
    expect(await sessionOf(browser)).toMatchObject({ name: 'bob', role: 'owner' });
    expect((await audit()).find((e) => e.kind === 'account-changed')).toMatchObject({
      who: 'bob',
      details: { account: 'bob', role: 'owner' },
    });
    provider.people['subject-of-bob'] = { ...people['subject-of-bob'], groups: 'somebody else' };
    expect(await signIn(new TestBrowser(), 'subject-of-bob')).toBe(`${publicUrl}/operator?sign-in=no-role`);
    provider.people['subject-of-bob'] = people['subject-of-bob'];
    expect(await signIn(new TestBrowser(), 'subject-of-eve')).toBe(`${publicUrl}/operator?sign-in=no-role`);
    expect((await listAccounts(server.store.db)).map((a) => a.name)).toEqual(['ada', 'bob']);
  });
});

describe('what is not the answer to a sign-in of this browser is refused, and nobody is in', () => {
  const refused = () => `${publicUrl}/operator?sign-in=refused`;
  /** Up to the address that the browser was sent back to. */
  async function comeBack(browser: TestBrowser, change = (_url: URL) => {}): Promise<URL> {
    const authorization = new URL(await browser.sentTo(`${publicUrl}${begin}`));
    change(authorization);
    return new URL(await browser.through(authorization.href, 'subject-of-bob'));
  }
  async function expectRefused(browser: TestBrowser, url: URL): Promise<void> {
    expect(await browser.sentTo(url.href)).toBe(refused());
    expect(await sessionOf(browser)).toMatchObject({ state: 'out' });
    expect((await listAccounts(server.store.db)).map((a) => a.name)).toEqual(['ada']);
  }

  it.each(['state', 'nonce', 'code_challenge'])('another %s on the way there', async (what) => {
    const browser = new TestBrowser();
    const url = await comeBack(browser, ({ searchParams }) => searchParams.set(what, 'A'.repeat(43)));
    expect(url.searchParams.get('code')).toBeTruthy();
    await expectRefused(browser, url);
  });

  it.each([
    ['state', 'A'.repeat(43)],
    ['state', null],
    ['code', 'another'],
    ['code', null],
    ['iss', 'http://127.0.0.1:1'],
  ])('another %s on the way back: %s', async (what, value) => {
    const browser = new TestBrowser();
    const url = await comeBack(browser);
    if (value === null) url.searchParams.delete(what);
    else url.searchParams.set(what, value);
    await expectRefused(browser, url);
  });

  it('the answer to somebody else’s, or to none', async () => {
    const [victim, attacker, other] = [new TestBrowser(), new TestBrowser(), new TestBrowser()];
    const url = await comeBack(attacker);
    await expectRefused(victim, url); // has begun nothing
    const second = await comeBack(attacker);
    await other.ask(`${publicUrl}${begin}`);
    await expectRefused(other, second); // has begun another one
    expect(await attacker.sentTo(`${publicUrl}${begin}/back?error=access_denied`)).toBe(refused());
    expect(await attacker.sentTo(`${publicUrl}${begin}/back`)).toBe(refused());
  });

  it('a code for the second time', async () => {
    const browser = new TestBrowser();
    const url = await comeBack(browser);
    expect(await browser.sentTo(url.href)).toBe(`${publicUrl}/operator`);
    expect(await browser.sentTo(url.href)).toBe(refused());
    const log = (await audit()).filter((e) => e.kind === 'logged-in');
    expect(log.filter((e) => e.who === 'bob').length).toBeGreaterThan(0);
  });
});

describe('a provider', () => {
  const heard: unknown[] = [];
  const log = { warn: (...line: unknown[]) => void heard.push(line) };
  /** Up to where the browser is sent back to, and what is kept of it. */
  async function comeBack(openId: OpenId) {
    const { secret, url } = await openId.begin();
    const { search } = new URL(await new TestBrowser().through(url, 'subject-of-bob'));
    return { secret, query: search.slice(1) };
  }
  const unauthorized = { code: 'unauthorized' };

  it('whose code has run out is asked in vain', async () => {
    const brief = await startProvider(back, people, 1);
    const openId = new OpenId({ ...own, issuer: brief.issuer }, log);
    const { secret, query } = await comeBack(openId);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    await expect(openId.finish(secret, query)).rejects.toMatchObject(unauthorized);
    expect(JSON.stringify(heard.at(-1))).not.toContain(new URLSearchParams(query).get('code'));
    const quick = await comeBack(openId);
    expect(await openId.finish(quick.secret, quick.query)).toMatchObject({ role: 'operator' });
    await brief.close();
  });

  it('that calls itself something else is not believed, and one that is not there is said to be away', async () => {
    const elsewhere = await startProvider(back, people);
    const { port } = new URL(elsewhere.issuer);
    const other = new OpenId({ ...own, issuer: `http://localhost:${port}` }, log);
    await expect(other.begin()).rejects.toMatchObject({ code: 'unavailable' });
    expect(JSON.stringify(heard.at(-1))).toMatch(/issuer/i);
    await elsewhere.close();
    const gone = new OpenId({ ...own, issuer: elsewhere.issuer }, log);
    await expect(gone.begin()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('whose ID token is signed by none of its keys is not believed', async () => {
    const forged = await startProvider(back, people);
    const openId = new OpenId({ ...own, issuer: forged.issuer }, log);
    const { secret, query } = await comeBack(openId);
    forged.forgeKeys();
    await expect(openId.finish(secret, query)).rejects.toMatchObject(unauthorized);
    await forged.close();
  });

  it('whose secret for us is another one gives nothing away', async () => {
    const openId = new OpenId({ ...own, clientSecret: 'a wrong secret' }, log);
    const { secret, query } = await comeBack(openId);
    await expect(openId.finish(secret, query)).rejects.toMatchObject(unauthorized);
    expect(JSON.stringify(heard)).not.toContain('a wrong secret');
  });

  it('that gives no roles makes viewers, whom an owner may make more of', async () => {
    const openId = new OpenId({ ...own, roles: null }, log);
    const { secret, query } = await comeBack(openId);
    const known = await openId.finish(secret, query);
    expect(known).toMatchObject({
      issuer: provider.issuer,
      subject: 'subject-of-bob',
      role: 'viewer',
      mapped: false,
    });
    expect(await accountOfProvider(server.store, known, true)).toMatchObject({ name: 'bob', role: 'viewer' });
    await commandAccount(server.store, 'bob', { want: 'role', role: 'operator' }, 'ada');
    expect(await accountOfProvider(server.store, known, true)).toMatchObject({
      name: 'bob',
      role: 'operator',
    });
  });
});

describe('the account of somebody whom a provider knows', () => {
  const bob = {
    issuer: 'https://a.example',
    subject: '1',
    role: 'viewer',
    mapped: true,
    names: ['bob', 'bob-2'],
  } as const;

  it('is not the first one of a server, which the printed address makes, unless it is an owner’s', async () => {
    await server.store.db.delete(accounts);
    await expect(accountOfProvider(server.store, bob, true)).rejects.toMatchObject({ code: 'wrong-state' });
    expect(await listAccounts(server.store.db)).toEqual([]);
    // where OPERATOR_TOKEN is set there is an owner without an account
    expect(await accountOfProvider(server.store, bob, false)).toMatchObject({ role: 'viewer' });
    await server.store.db.delete(accounts);
    const owner = { ...bob, role: 'owner' } as const;
    expect(await accountOfProvider(server.store, owner, true)).toMatchObject({ role: 'owner' });
    // and stays one as long as nobody else is
    await expect(accountOfProvider(server.store, bob, true)).rejects.toMatchObject({ code: 'wrong-state' });
  });

  it('is another one by each provider and subject, until no name is left', async () => {
    const made = await Promise.all(
      ['1', '2'].map((subject) => accountOfProvider(server.store, { ...bob, subject }, true)),
    );
    expect(made.map((a) => a.name).sort()).toEqual(['bob', 'bob-2']);
    const elsewhere = { ...bob, issuer: 'https://b.example' };
    await expect(accountOfProvider(server.store, elsewhere, true)).rejects.toMatchObject({
      code: 'wrong-state',
      message: expect.stringContaining('is taken'),
    });
  });
});

describe('names and roles', () => {
  it('are taken of claims that can be names, and else made of the subject', () => {
    expect(
      namesFor({ preferred_username: 'Ada', email: 'Ada@Lab.example', email_verified: true }, 's').slice(
        0,
        4,
      ),
    ).toEqual(['ada', 'ada@lab.example', 'ada-2', 'ada-3']);
    const [only] = namesFor({ preferred_username: '<script>', email: 7 }, 's');
    expect(only).toMatch(/^user-[0-9a-f]{16}$/);
    expect(
      namesFor({ email: `${'a'.repeat(70)}@x`, email_verified: true }, 's').every(
        (name) => name.length <= 64,
      ),
    ).toBe(true);
  });

  it('come by the greatest of a mapping, which is read as it is written', () => {
    const isRole = (text: string): text is Role => Role.safeParse(text).success;
    const roles = parseRoles('a=viewer, cn=b,dc=c=owner ,*=viewer', isRole);
    // a comma ends a part: names with commas cannot be written
    expect(roles).toBeNull();
    const mapping = parseRoles('a=viewer, cn=b=owner, *=operator', isRole);
    const of = (groups: unknown) => roleOf({ groups }, { roleClaim: 'groups', roles: mapping });
    expect([of('a'), of(['a', 'cn=b']), of(['x']), of({ a: 1 }), of(undefined)]).toEqual([
      'viewer',
      'owner',
      'operator',
      'operator',
      'operator',
    ]);
    for (const text of ['', 'a', 'a=', '=owner', 'a=king', 'a=owner,a=viewer', '*=viewer,*=owner'])
      expect(parseRoles(text, isRole), text).toBeNull();
  });
});
