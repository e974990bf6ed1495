import { Caller } from '@strata/client';
import { StrataError } from '@strata/fl-core/protocol';
import type { Command } from 'commander';

/** How a command reaches a server as one of its operators. */
export interface Access {
  readonly server?: string;
  readonly token?: string;
  readonly json?: true;
}

/** The options of {@link Access}. */
export const withAccess = (command: Command): Command =>
  command
    .option('--server <url>', 'address of the server; STRATA_SERVER, http://localhost:8080 otherwise')
    .option('--token <token>', 'of an operator; STRATA_TOKEN otherwise')
    .option('--json', 'one JSON object on standard output');

/** Without a slash at the end. */
export const serverOf = ({ server }: Access): string =>
  (server ?? process.env.STRATA_SERVER ?? 'http://localhost:8080').replace(/\/+$/, '');

/** @throws {StrataError} `unauthorized` where nobody is named. */
export function callerOf(options: Access): Caller {
  const token = options.token ?? process.env.STRATA_TOKEN;
  if (token !== undefined && token !== '')
    return new Caller({ server: serverOf(options), token: () => token });
  throw new StrataError(
    'unauthorized',
    'This is an operator’s to ask, and nobody is named.',
    'Set STRATA_TOKEN, or give --token: the page Access makes tokens for programs.',
  );
}
