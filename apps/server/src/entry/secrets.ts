import { createHash, timingSafeEqual } from 'node:crypto';
import { StrataError } from '@strata/fl-core/protocol';
import type { RunRow } from '../store/rows.ts';

export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** Constant time in the content; both are hex digests of the same length. */
export function sameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Whether who brings `key` may see and join the run, if it is no invitation's. */
export function isInvited(run: Pick<RunRow, 'config' | 'joinKey'>, key: string | undefined): boolean {
  switch (run.config.visibility) {
    case 'listed':
      return true;
    case 'named': // by invitations alone
      return false;
    case 'invited':
      return key !== undefined && sameHash(hashSecret(key), hashSecret(run.joinKey));
    default:
      return run.config.visibility satisfies never;
  }
}

export const notInvited = (key: string | undefined): StrataError =>
  new StrataError(
    'not-invited',
    key === undefined
      ? 'This run is for those who were invited, and this link holds no invitation.'
      : 'This invitation is not valid, or no longer.',
    'Ask for the link again, and open it as it is, with all that stands behind the #.',
  );
