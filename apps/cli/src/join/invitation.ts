import { type Invitation, keyInFragment } from '@strata/client';
import { StrataError } from '@strata/fl-core/protocol';

export interface Joined extends Invitation {
  /** Origin of the server. */
  readonly server: string;
}

/** What the address of a join link names. Throws `bad-request`. */
export function invitationIn(address: string): Joined {
  const url = URL.canParse(address) ? new URL(address) : null;
  const run = url === null ? undefined : /^\/join\/([^/]+)\/?$/.exec(url.pathname)?.[1];
  if (url === null || run === undefined) {
    throw new StrataError(
      'bad-request',
      `"${address}" is no join link.`,
      'Give it whole, in quotes, as the operator has it: https://HOST/join/RUN#KEY.',
    );
  }
  return { server: url.origin, run, key: keyInFragment(url.hash) };
}
