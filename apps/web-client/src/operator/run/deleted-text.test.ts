import { expect, it } from 'vitest';
import { deletedText } from './deleted-text.ts';

it('says what was deleted, and what was not', () => {
  const deleted = { rounds: 2, answers: 6, participants: 3, invitations: 1, checkpoints: 3, events: 120 };
  expect(deletedText({ ...deleted, files: 14, bytes: 2_500_000 })).toBe(
    '2 rounds, 6 answers of 3 participants, 3 checkpoints, 1 invitation, 120 lines of its log and 14 files (2.50 MB). Its entries in the audit log stay.',
  );
});
