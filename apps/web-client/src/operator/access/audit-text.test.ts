import { expect, it } from 'vitest';
import { auditText } from './audit-text.ts';

it('an entry in a few words, without its hashes', () => {
  const details = { round: '3', 'layer head': 'abc', config: 'def' };
  expect(auditText({ kind: 'model-committed', details })).toBe('committed a model: round 3');
  expect(auditText({ kind: 'logged-in', details: {} })).toBe('logged in');
  expect(auditText({ kind: 'of-a-later-version', details: { a: 'b' } })).toBe('of-a-later-version: a b');
});
