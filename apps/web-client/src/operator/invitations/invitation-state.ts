import type { InvitationView } from '@strata/fl-core/protocol';
import { day } from '../access/day.ts';

/** Whether an invitation still lets somebody in, in words. @param now milliseconds since the epoch */
export function invitationState(
  { uses, used, expiresAt, revokedAt }: Pick<InvitationView, 'uses' | 'used' | 'expiresAt' | 'revokedAt'>,
  now: number,
): { readonly open: boolean; readonly text: string } {
  const places = `${used} of ${uses} used`;
  if (revokedAt !== null) return { open: false, text: `${places}, revoked ${day(revokedAt)}` };
  if (used >= uses) return { open: false, text: places };
  if (expiresAt <= now) return { open: false, text: `${places}, expired ${day(expiresAt)}` };
  return { open: true, text: `${places}, until ${day(expiresAt)}` };
}
