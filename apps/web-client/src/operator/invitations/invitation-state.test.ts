import { expect, it } from 'vitest';
import { invitationState } from './invitation-state.ts';

it('an invitation is open until it is revoked, used up or expired', () => {
  const fresh = { uses: 2, used: 1, expiresAt: 1000, revokedAt: null };
  expect(invitationState(fresh, 999)).toMatchObject({
    open: true,
    text: expect.stringMatching(/^1 of 2 used, until/),
  });
  expect(invitationState(fresh, 1000)).toMatchObject({
    open: false,
    text: expect.stringContaining('expired'),
  });
  expect(invitationState({ ...fresh, used: 2 }, 0)).toEqual({ open: false, text: '2 of 2 used' });
  expect(invitationState({ ...fresh, revokedAt: 1 }, 0)).toMatchObject({ open: false });
});
