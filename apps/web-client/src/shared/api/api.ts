import { Caller } from '@strata/client';
import { StrataError } from '@strata/fl-core/protocol';
import { csrfHeaders } from './csrf.ts';

/** The pages' calls to the server they came from; the browser adds the cookie of a session. */
export const server = new Caller({ server: '', headers: csrfHeaders });

/** Any thrown thing as the one error class that the pages show. */
export function asStrataError(error: unknown): StrataError {
  if (error instanceof StrataError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StrataError(
    'internal',
    message,
    'Reload the page; if it happens again, look at the server’s log.',
  );
}
