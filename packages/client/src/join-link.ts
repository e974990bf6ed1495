import { joinKeyHeader } from '@strata/fl-core/protocol';

/** What an invitation names: the run, and the secret of its join link (null where there is none). */
export interface Invitation {
  readonly run: string;
  readonly key: string | null;
}

/**
 * The address of the page that makes somebody a participant, below the server's origin. The secret is in the fragment,
 * which browsers never send: it stays out of logs and of what a proxy sees.
 */
export function joinPath({ run, key }: Invitation, query: Readonly<Record<string, string>> = {}): string {
  const asked = new URLSearchParams(query).toString();
  return `/join/${run}${asked === '' ? '' : `?${asked}`}${key === null ? '' : `#${key}`}`;
}

/** The secret in the fragment of a join link's address (`#...`); null where there is none. */
export function keyInFragment(hash: string): string | null {
  const key = hash.replace(/^#/, '');
  return key === '' ? null : key;
}

/** The headers that show an invitation. */
export const invited = (key: string | null): Record<string, string> =>
  key === null ? {} : { [joinKeyHeader]: key };
