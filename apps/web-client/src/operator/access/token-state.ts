import type { TokenView } from '@strata/fl-core/protocol';
import { day } from './day.ts';

/** Whether a token is good, in words. @param now milliseconds since the epoch */
export function tokenState(
  { expiresAt, revokedAt }: Pick<TokenView, 'expiresAt' | 'revokedAt'>,
  now: number,
): { readonly good: boolean; readonly text: string } {
  if (revokedAt !== null) return { good: false, text: `revoked ${day(revokedAt)}` };
  if (expiresAt <= now) return { good: false, text: `expired ${day(expiresAt)}` };
  return { good: true, text: `until ${day(expiresAt)}` };
}
