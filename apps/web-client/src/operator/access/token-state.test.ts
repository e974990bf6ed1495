import { expect, it } from 'vitest';
import { tokenState } from './token-state.ts';

it('a token is good until it expires or is revoked, whichever is first', () => {
  const token = { expiresAt: 1000, revokedAt: null };
  expect(tokenState(token, 999).good).toBe(true);
  expect(tokenState(token, 1000)).toMatchObject({ good: false, text: expect.stringMatching(/^expired /) });
  const revoked = { ...token, revokedAt: 500 };
  expect(tokenState(revoked, 600)).toMatchObject({ good: false, text: expect.stringMatching(/^revoked /) });
});
