import type { StrataError } from '@strata/fl-core/protocol';
import { createContext, use, useEffect } from 'react';
import { forgetToken } from '../shared/api/token.ts';

/** Sends the operator back to the question for the token. */
export const ForgetTokenContext = createContext<() => void>(() => {});

/** A token that the server refuses is of no further use: forget it and ask again. */
export function useForgetRefusedToken(error: StrataError | null): void {
  const ask = use(ForgetTokenContext);
  useEffect(() => {
    if (error?.code !== 'unauthorized') return;
    forgetToken();
    ask();
  }, [error, ask]);
}
