import {
  type AccountCommand,
  type LogIn,
  type Role,
  roleAllows,
  routes,
  type Session,
  type SessionIn,
  StrataError,
} from '@strata/fl-core/protocol';
import { createContext, use, useEffect } from 'react';
import { server } from '../../shared/api/api.ts';
import { rememberCsrf } from '../../shared/api/csrf.ts';
import { loadedByPages } from '../../shared/hooks/useLoaded.ts';
import { forgetTokenInAddress, tokenInAddress } from './token-in-address.ts';

/** How this page stands with its server, and why the token of its address did not help. */
export type Standing = Session & { readonly refused: StrataError | null };

export const sessionKey = ['session'] as const;

function remembered(session: Session, refused: StrataError | null = null): Standing {
  rememberCsrf(session.state === 'in' ? session.csrf : '');
  return { ...session, refused };
}

/** Who this page is logged in as; by the token of its address, where that is one of a program. */
export async function openSession(signal: AbortSignal): Promise<Standing> {
  const session = await server.call(routes.session, {}, { signal });
  const token = tokenInAddress();
  switch (session.state) {
    case 'no-account': // the token stays for the form that makes the first
      return remembered(session);
    case 'in':
      forgetTokenInAddress();
      return remembered(session);
    case 'out':
      if (token === null) return remembered(session);
      try {
        const made = await server.call(routes.logIn, { body: { token } }, { signal });
        forgetTokenInAddress();
        return remembered(made);
      } catch (error) {
        if (!(error instanceof StrataError) || error.code === 'unavailable') throw error;
        forgetTokenInAddress();
        return remembered(session, error);
      }
    default:
      return session satisfies never;
  }
}

/** What was loaded for somebody else, or for nobody, is of no use to who is in now. */
function begin(session: Session): void {
  loadedByPages.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionKey[0] });
  loadedByPages.setQueryData<Standing>(sessionKey, remembered(session));
}

/** @throws {StrataError} what the server refused it with, `unavailable` where the browser keeps no cookie. */
export async function logIn(body: LogIn): Promise<void> {
  await entered(await server.call(routes.logIn, { body }));
}

/** Makes the first account of the server, and logs in with it. */
export async function makeFirstAccount(body: {
  token: string;
  name: string;
  password: string;
}): Promise<void> {
  const session = await server.call(routes.firstAccount, { body });
  forgetTokenInAddress();
  await entered(session);
}

async function entered(session: Session): Promise<void> {
  const kept = await server.call(routes.session, {});
  if (session.state === 'in' && kept.state !== 'in') {
    throw new StrataError(
      'unavailable',
      'This browser did not keep the cookie that says who is logged in.',
      'Let this site keep cookies, then log in again.',
    );
  }
  begin(kept);
}

export async function logOut(): Promise<void> {
  await server.call(routes.logOut, {});
  begin(await server.call(routes.session, {}));
}

export const listAccounts = (signal: AbortSignal) => server.call(routes.accounts, {}, { signal });
export const listTokens = (signal: AbortSignal) => server.call(routes.tokens, {}, { signal });

export const createAccount = (body: { name: string; role: Role; password: string }) =>
  server.call(routes.createAccount, { body });

export const changeAccount = (name: string, body: AccountCommand) =>
  server.call(routes.changeAccount, { params: { name }, body });

export const changePassword = (body: { current: string; password: string }) =>
  server.call(routes.changePassword, { body });

export const createToken = (body: { name: string; role: Role; days: number }) =>
  server.call(routes.createToken, { body });

export const revokeToken = (token: string) => server.call(routes.revokeToken, { params: { token } });

/** Newest entries of the audit log, newest first. */
export const newestAudit = (signal: AbortSignal) => server.call(routes.audit, {}, { signal });

/** The whole audit log, as the command reads it. */
export const auditFile = async (): Promise<Blob> => (await server.bytes(routes.auditFile, {})).blob();

/** Of the page around; null where the gate has let nobody in. */
export const SessionContext = createContext<SessionIn | null>(null);

export const useSession = (): SessionIn | null => use(SessionContext);

/** Whether who is logged in may what needs a role. What a page hides the server refuses as well. */
export function useMay(needs: Role): boolean {
  const session = use(SessionContext);
  return session !== null && roleAllows(session.role, needs);
}

/** Looks again who is logged in, where the server says that nobody is. */
export function useLookAgain(error: StrataError | null): void {
  useEffect(() => {
    if (error?.code === 'unauthorized') void loadedByPages.invalidateQueries({ queryKey: sessionKey });
  }, [error]);
}
