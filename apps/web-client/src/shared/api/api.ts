import { Caller } from '@strata/client';
import { StrataError } from '@strata/fl-core/protocol';
import { operatorToken } from './token.ts';

/** The pages' calls to the server they came from. */
export const server = new Caller({
  server: '',
  token: (access) => (access === 'operator' ? operatorToken() : null),
});

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
