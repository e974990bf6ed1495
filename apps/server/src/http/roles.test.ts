import { newIdentity } from '@strata/client';
import {
  type Ack,
  addressOf,
  clientChannel,
  ErrorBody,
  joinKeyHeader,
  operatorChannel,
  protocolVersion,
  type RequestName,
  Role,
  type Route,
  type Routes,
  type RunView,
  routes,
} from '@strata/fl-core/protocol';
import { eq } from 'drizzle-orm';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiTokens } from '../store/schema.ts';
import { operatorToken, TestServer, testConfig } from '../testing/server.ts';

/** Every route and every event of every channel, asked by everybody there is: a new one without a line fails. */

const everybody = [
  ...(['nobody', 'link', 'invite', 'client'] as const),
  ...(['viewer', 'operator', 'owner', 'expired', 'revoked'] as const),
];
type Who = (typeof everybody)[number];
/** Let in, or what it is refused with. What comes after that (a run that is not there, an empty body) is not of this. */
type Verdict = 'yes' | 'unauthorized' | 'forbidden' | 'not-invited';
type Row = Readonly<Record<Who, Verdict>>;

const rowOf = (verdicts: string): Row => {
  const names = { y: 'yes', u: 'unauthorized', f: 'forbidden', n: 'not-invited' } as const;
  const letters = verdicts.replaceAll(' ', '');
  return Object.fromEntries(
    everybody.map((who, i) => [who, names[letters[i] as keyof typeof names]]),
  ) as unknown as Row;
};
//                   nobody link invite client | viewer operator owner | expired revoked
const anybody /*  */ = rowOf('y y y y  y y y  y y');
const invited /*  */ = rowOf('n y y y  y y y  u u');
const clients /*  */ = rowOf('u u u y  u u u  u u');
const viewers /*  */ = rowOf('u u u u  y y y  u u');
const operators /**/ = rowOf('u u u u  f y y  u u');
const owners /*   */ = rowOf('u u u u  f f y  u u');

const ofRoutes = {
  health: anybody,
  ready: anybody,
  metrics: viewers,
  description: anybody,
  blob: anybody,
  knock: anybody,
  publicRuns: anybody,
  publicRun: invited,
  manifest: invited,
  update: clients,
  session: anybody,
  logIn: anybody,
  firstAccount: anybody,
  beginSignIn: anybody,
  endSignIn: anybody,
  logOut: viewers,
  changePassword: viewers,
  accounts: owners,
  createAccount: owners,
  changeAccount: owners,
  tokens: operators,
  createToken: operators,
  revokeToken: operators,
  audit: owners,
  auditFile: owners,
  backup: owners,
  joinAddresses: operators,
  catalog: operators,
  findModel: operators,
  uploadModelFile: operators,
  finishUpload: operators,
  runs: viewers,
  createRun: operators,
  forkRun: operators,
  run: viewers,
  commandRun: operators,
  deleteRun: operators,
  renewJoinKey: operators,
  invitations: operators,
  createInvitation: operators,
  revokeInvitation: operators,
  commandClient: operators,
  round: viewers,
  testModel: operators,
  events: viewers,
  dataSheet: viewers,
  checkpoint: operators,
  modelFolder: operators,
} as const satisfies Record<keyof Routes, Row>;

//                   nobody link invite client | viewer operator owner | expired revoked
const asClient /* */ = rowOf('n y y y  n n n  n n');
const ofClientEvents = {
  hello: asClient,
  work: asClient,
  probed: asClient,
  evaluated: asClient,
  sealed: asClient,
  progress: asClient,
  standing: asClient,
} as const satisfies Record<RequestName<typeof clientChannel>, Row>;
const ofOperatorEvents = { watch: viewers } as const satisfies Record<
  RequestName<typeof operatorChannel>,
  Row
>;

const refusals: readonly string[] = ['unauthorized', 'forbidden', 'not-invited'];
const verdictOf = (code: string | null): string => (code !== null && refusals.includes(code) ? code : 'yes');

let server: TestServer;
let run: RunView;
let invitation = '';
/** Is here all the time: who has answered nothing is forgotten when it goes. */
const client = newIdentity();
let here: Socket;
const tokens = new Map<Who, string>([['owner', operatorToken]]);

async function tokenOf(role: Role, name: string) {
  return server.operator.call(routes.createToken, { body: { name, role, days: 1 } });
}

beforeAll(async () => {
  server = await TestServer.start();
  run = await server.createRun(testConfig());
  const params = { run: run.id };
  const body = { site: 'Hospital A', uses: 1000, days: 1 };
  invitation = (await server.operator.call(routes.createInvitation, { params, body })).secret;
  for (const role of Role.options) tokens.set(role, (await tokenOf(role, role)).secret);
  const expired = await tokenOf('owner', 'expired');
  tokens.set('expired', expired.secret);
  await server.store.db
    .update(apiTokens)
    .set({ expiresAt: new Date(Date.now() - 1) })
    .where(eq(apiTokens.id, expired.token.id));
  const revoked = await tokenOf('owner', 'revoked');
  tokens.set('revoked', revoked.secret);
  await server.operator.call(routes.revokeToken, { params: { token: revoked.token.id } });
  const { socket, connected } = socketOf('clients', client, run.joinKey);
  await connected;
  here = socket;
}, 120_000);
afterAll(() => {
  here?.disconnect();
  return server.close();
}, 60_000);

/** What somebody brings with a request. */
function headersOf(who: Who): Record<string, string> {
  switch (who) {
    case 'nobody':
      return {};
    case 'link':
      return { [joinKeyHeader]: run.joinKey };
    case 'invite':
      return { [joinKeyHeader]: invitation };
    case 'client':
      return { authorization: `Bearer ${client.client}.${client.secret}` };
    default:
      return { authorization: `Bearer ${tokens.get(who)}` };
  }
}

/** Each from an address of its own: who guesses often is slowed down, which is another test's. */
let addresses = 0;
const fromElsewhere = () => ({ 'x-forwarded-for': `10.0.${++addresses >> 8}.${addresses & 255}` });

async function asked(route: Route, who: Who): Promise<string> {
  // What the roles may change is not there to be changed.
  const params = {
    ...{ run: Role.safeParse(route.access).success ? 'none' : run.id, round: 1, client: 'none' },
    ...{ sha256: '0'.repeat(64), upload: 'x', file: 'x', name: 'nobody', token: 'none', invitation: 'none' },
  };
  const body = route.body === null ? {} : { body: route.body.kind === 'json' ? '{}' : 'x' };
  const answer = await fetch(`${server.url}${addressOf(route, { params })}`, {
    method: route.method,
    headers: {
      ...headersOf(who),
      ...fromElsewhere(),
      ...(route.body?.kind === 'json' ? { 'content-type': 'application/json' } : {}),
    },
    ...body,
  });
  const text = await answer.text();
  if (answer.ok) return 'yes';
  return verdictOf(ErrorBody.parse(JSON.parse(text).error).code);
}

describe('every route x everybody', () => {
  it('has a line for every route', () => {
    expect(Object.keys(ofRoutes).sort()).toEqual(Object.keys(routes).sort());
  });

  it.each(Object.keys(routes) as (keyof Routes)[])('%s', async (name) => {
    const answers = await Promise.all(everybody.map(async (who) => [who, await asked(routes[name], who)]));
    expect(Object.fromEntries(answers)).toEqual(ofRoutes[name]);
  });
});

/** A connection, and the code of what it was refused with. */
function socketOf(namespace: 'clients' | 'operators', auth: object, key?: string) {
  const socket: Socket = io(`${server.url}/${namespace}`, {
    transports: ['websocket'],
    auth: { protocol: protocolVersion, run: run.id, ...auth, ...(key === undefined ? {} : { key }) },
    forceNew: true,
    reconnection: false,
    extraHeaders: fromElsewhere(),
  });
  const connected = new Promise<string | null>((resolve) => {
    socket.on('connect', () => resolve(null));
    socket.on('connect_error', (error) => resolve(ErrorBody.parse(Reflect.get(error, 'data')).code));
  });
  return { socket, connected };
}

function asking(namespace: 'clients' | 'operators', who: Who) {
  const secret = new Map<Who, string>([
    ...tokens,
    ['link', run.joinKey],
    ['invite', invitation],
    ['client', `${client.client}.${client.secret}`],
  ]).get(who);
  switch (namespace) {
    case 'operators':
      return socketOf(namespace, secret === undefined ? {} : { token: secret });
    case 'clients': // a new one; one that has joined needs no link
      if (who === 'client') return socketOf(namespace, newIdentity(), run.joinKey);
      return socketOf(namespace, { ...newIdentity(), token: secret }, secret);
    default:
      return namespace satisfies never;
  }
}

async function said(namespace: 'clients' | 'operators', event: string, who: Who): Promise<string> {
  const { socket, connected } = asking(namespace, who);
  try {
    const refused = await connected;
    if (refused !== null) return verdictOf(refused);
    const ack: Ack<unknown> = await socket.timeout(10_000).emitWithAck(event, { run: run.id });
    return verdictOf(ack.ok ? null : ack.error.code);
  } finally {
    socket.disconnect();
  }
}

describe('every event x everybody', () => {
  it('has a line for every event', () => {
    expect(Object.keys(ofClientEvents).sort()).toEqual(Object.keys(clientChannel.requests).sort());
    expect(Object.keys(ofOperatorEvents).sort()).toEqual(Object.keys(operatorChannel.requests).sort());
  });

  it.each([
    ...Object.entries(ofClientEvents).map(([event, row]) => ['clients', event, row] as const),
    ...Object.entries(ofOperatorEvents).map(([event, row]) => ['operators', event, row] as const),
  ])('%s: %s', async (namespace, event, row) => {
    const answers = await Promise.all(everybody.map(async (who) => [who, await said(namespace, event, who)]));
    expect(Object.fromEntries(answers)).toEqual(row);
  });

  it('a token that is revoked takes its open connection with it', async () => {
    const { secret, token } = await tokenOf('viewer', 'soon gone');
    tokens.set('viewer', secret);
    const { socket, connected } = asking('operators', 'viewer');
    expect(await connected).toBeNull();
    const gone = new Promise((resolve) => socket.once('disconnect', resolve));
    await server.operator.call(routes.revokeToken, { params: { token: token.id } });
    await gone;
    expect(await said('operators', 'watch', 'viewer')).toBe('unauthorized');
  });
});

it('a viewer sees a run without what lets people in, by route, watch and change', async () => {
  const { secret } = await tokenOf('viewer', 'looks on');
  tokens.set('viewer', secret);
  const answer = await fetch(`${server.url}${addressOf(routes.run, { params: { run: run.id } })}`, {
    headers: { authorization: `Bearer ${secret}` },
  });
  const { socket, connected } = asking('operators', 'viewer');
  await connected;
  const watched = await socket.timeout(10_000).emitWithAck('watch', { run: run.id });
  const changed = new Promise<unknown>((resolve) => socket.once('change', resolve));
  const { joinKey } = await server.operator.call(routes.renewJoinKey, { params: { run: run.id } });
  const seen = JSON.stringify([await answer.json(), watched, await changed]);
  socket.disconnect();
  expect(seen).toContain(run.id);
  for (const key of [joinKey, run.joinKey]) expect(seen).not.toContain(key);
});
