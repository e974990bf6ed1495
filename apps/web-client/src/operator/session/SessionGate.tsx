import { type Role, roleAllows, StrataError } from '@strata/fl-core/protocol';
import type { ReactNode } from 'react';
import { PageError } from '../../shared/components/PageError.tsx';
import { PageFrame } from '../../shared/components/PageFrame.tsx';
import { PageLoading } from '../../shared/components/PageLoading.tsx';
import { useLoaded } from '../../shared/hooks/useLoaded.ts';
import { OperatorFrame } from '../OperatorFrame.tsx';
import { FirstAccountForm } from './FirstAccountForm.tsx';
import { LogInForm } from './LogInForm.tsx';
import { openSession, SessionContext, sessionKey } from './session.ts';

interface SessionGateProps {
  /** The least role that the page is for. */
  readonly needs?: Role;
  readonly children: ReactNode;
}

/** Asks who is there, unless the browser knows; on a new server the first account is made here. */
export function SessionGate({ needs = 'viewer', children }: SessionGateProps) {
  const session = useLoaded(sessionKey, openSession);
  switch (session.kind) {
    case 'loading':
      return (
        <PageFrame home="/operator">
          <PageLoading label="Looking who is logged in" />
        </PageFrame>
      );
    case 'failed':
      return (
        <PageFrame home="/operator">
          <PageError title="Nobody can log in now" error={session.error} onRetry={session.reload} />
        </PageFrame>
      );
    case 'ready':
      break;
    default:
      return session satisfies never;
  }
  const { value } = session;
  switch (value.state) {
    case 'no-account':
      return (
        <PageFrame home="/operator" narrow>
          <FirstAccountForm />
        </PageFrame>
      );
    case 'out':
      return (
        <PageFrame home="/operator" narrow>
          <LogInForm refused={value.refused} signIn={value.signIn} />
        </PageFrame>
      );
    case 'in':
      return (
        <SessionContext value={value}>
          {roleAllows(value.role, needs) ? children : <NotForThis has={value.role} needs={needs} />}
        </SessionContext>
      );
    default:
      return value satisfies never;
  }
}

function NotForThis({ has, needs }: { has: Role; needs: Role }) {
  const error = new StrataError(
    'forbidden',
    `This page is for the role ${needs}, and yours is ${has}.`,
    'Ask an owner of this server.',
  );
  return (
    <OperatorFrame>
      <PageError title="This page is not yours to use" error={error} />
    </OperatorFrame>
  );
}
