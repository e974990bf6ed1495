import { Readable } from 'node:stream';
import { routes } from '@strata/fl-core/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HasAllowance } from '../entry/allowance.ts';
import { changePassword, commandAccount, createAccount, listAccounts } from '../entry/operators/accounts.ts';
import { createToken, listTokens, revokeToken } from '../entry/operators/api-tokens.ts';
import { sessionCookie, setSessionCookie } from '../entry/operators/cookie.ts';
import type { HasDoorkeeper, LoggedIn } from '../entry/operators/doorkeeper.ts';
import type { HasOpenId } from '../entry/operators/openid/openid.ts';
import { notByPassword } from '../entry/operators/operator.ts';
import { closeSession, closeSessionsOf } from '../entry/operators/sessions.ts';
import type { RemoteAddress } from '../entry/remote-address.ts';
import type { HasBus } from '../live/bus.ts';
import { auditLines, newestAudit } from '../store/audit-log.ts';
import type { HasDb } from '../store/store.ts';
import type { RouteHandlers } from './serve-routes.ts';
import { signInApi } from './sign-in-api.ts';

type AccountHandlers = Pick<
  RouteHandlers,
  | 'session'
  | 'logIn'
  | 'logOut'
  | 'changePassword'
  | 'firstAccount'
  | 'beginSignIn'
  | 'endSignIn'
  | 'accounts'
  | 'createAccount'
  | 'changeAccount'
  | 'tokens'
  | 'createToken'
  | 'revokeToken'
  | 'audit'
  | 'auditFile'
>;

type AccountPorts = HasDb &
  HasBus &
  HasDoorkeeper &
  HasOpenId &
  HasAllowance & { readonly remoteAddress: RemoteAddress };

/** Who operates the server: sessions of pages, accounts, tokens of programs. */
export const accountsApi = (ports: AccountPorts): AccountHandlers => {
  const { db, bus, doorkeeper, openId, allowance, remoteAddress } = ports;
  const from = (request: FastifyRequest): string => remoteAddress(request.raw);
  return {
    ...signInApi(ports),
    session: ({ request, reply }) => {
      reply.header('cache-control', 'no-store');
      return doorkeeper.session(sessionCookie(request.headers), openId?.button ?? null);
    },
    logIn: async ({ body, request, reply }) =>
      keep(request, reply, await doorkeeper.logIn(body, from(request))),
    firstAccount: async ({ body: { token, name, password }, request, reply }) =>
      keep(request, reply, await doorkeeper.makeFirst(token, name, password, from(request))),
    logOut: async ({ operator, request, reply }) => {
      if (operator.session !== null) await closeSession({ db }, operator.session);
      reply.header('set-cookie', setSessionCookie(request.headers, null));
      bus.operatorsChanged();
      return null;
    },
    changePassword: async ({ body: { current, password }, operator, request }) => {
      if (operator.as.kind !== 'account' || operator.as.provided) throw notByPassword();
      const { account } = operator.as;
      // A page that was left open is no way to guess, either.
      allowance.password(from(request), account);
      await changePassword({ db }, account, current, password);
      allowance.rightPassword(from(request), account);
      await closeSessionsOf(db, account, operator.session);
      bus.operatorsChanged();
      return null;
    },
    accounts: () => listAccounts(db),
    createAccount: async ({ body, operator }) => {
      await createAccount({ db }, body, operator.name);
      return listAccounts(db);
    },
    changeAccount: async ({ params: { name }, body, operator }) => {
      await commandAccount({ db }, name, body, operator.name);
      bus.operatorsChanged();
      return listAccounts(db);
    },
    audit: ({ query: { limit } }) => newestAudit(db, limit),
    auditFile: async ({ reply }) =>
      reply
        .type(routes.auditFile.answer.mediaType)
        .header('content-disposition', 'attachment; filename="strata-audit.jsonl"')
        .send(Readable.from(auditLines({ db }), { objectMode: false })),
    tokens: ({ operator }) => listTokens({ db }, operator),
    createToken: ({ body, operator }) => createToken({ db }, operator, body),
    revokeToken: async ({ params: { token }, operator }) => {
      const revoked = await revokeToken({ db }, operator, token);
      bus.operatorsChanged();
      return revoked;
    },
  };
};

/** Has the browser keep the session. */
function keep(request: FastifyRequest, reply: FastifyReply, { secret, session }: LoggedIn) {
  reply.header('set-cookie', setSessionCookie(request.headers, secret)).header('cache-control', 'no-store');
  return session;
}
