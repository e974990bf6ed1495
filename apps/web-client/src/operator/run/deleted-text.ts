import type { DeletedRun } from '@strata/fl-core/protocol';
import { bytes, count, plural } from '../../shared/texts/format.ts';

/** What went with a run, in a sentence. */
export const deletedText = (deleted: DeletedRun): string =>
  `${[
    plural(deleted.rounds, 'round'),
    `${count(deleted.answers)} answers of ${plural(deleted.participants, 'participant')}`,
    plural(deleted.checkpoints, 'checkpoint'),
    plural(deleted.invitations, 'invitation'),
    `${count(deleted.events)} lines of its log`,
  ].join(
    ', ',
  )} and ${plural(deleted.files, 'file')} (${bytes(deleted.bytes)}). Its entries in the audit log stay.`;
