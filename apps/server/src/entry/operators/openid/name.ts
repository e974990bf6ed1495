import { createHash } from 'node:crypto';
import { AccountName } from '@strata/fl-core/protocol';
import type { Claims } from './role.ts';

/**
 * What an account may be called, the best first: by `preferred_username`, by `email` where the provider has verified it, by a
 * hash. A name is for people alone:
 * somebody is known by issuer and subject, and never gets the account of somebody else by calling themselves so.
 */
export function namesFor(claims: Claims, subject: string): string[] {
  const email = claims.email_verified === true ? claims.email : undefined;
  const said = [claims.preferred_username, email].flatMap((claim) => {
    const name = AccountName.safeParse(claim);
    // room for a number
    return name.success && name.data.length <= 60 ? [name.data] : [];
  });
  const hashed = `user-${createHash('sha256').update(subject).digest('hex').slice(0, 16)}`;
  const [first = hashed] = said;
  const plain = said.length > 0 ? said : [hashed];
  return [...new Set([...plain, ...Array.from({ length: 98 }, (_, i) => `${first}-${i + 2}`), hashed])];
}
