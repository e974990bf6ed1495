import type { Readable } from 'node:stream';
import { StrataError } from '@strata/fl-core/protocol';
import { usedAmong } from '../engine/garbage-collection.ts';
import { defaultLimits } from '../limits.ts';
import type { Store } from '../store/store.ts';
import { type BackupSummary, readBackup } from './archive.ts';
import { filledTables, goOnCounting, putRows, schemaVersion } from './tables.ts';

/**
 * Puts a backup into an empty store: all of it or, but for files that nothing names, nothing.
 * @throws {StrataError} `wrong-state` where there is something already, `bad-request` of a backup that is not whole or of
 *   another version.
 */
export async function restoreBackup(
  { db, blobs }: Pick<Store, 'db' | 'blobs'>,
  source: Readable,
): Promise<BackupSummary> {
  return db.transaction(async (tx) => {
    const filled = await filledTables(tx);
    if (filled.length > 0) {
      throw new StrataError(
        'wrong-state',
        `There is a server's data already (${filled.join(', ')}).`,
        'Name an empty folder, and an empty database if it is not the folder’s own.',
      );
    }
    const summary = await readBackup(source, {
      about: ({ schema }) => {
        if (schema !== schemaVersion()) throw otherVersion(schema);
      },
      rows: (table, rows) => putRows(tx, table, rows),
      blob: async (_, bytes) => void (await blobs.put(bytes)),
    });
    await goOnCounting(tx);
    for (const sha256 of await usedAmong({ db: tx, limits: defaultLimits }, 'all')) await blobs.size(sha256);
    return summary;
  });
}

const otherVersion = (schema: string): StrataError =>
  new StrataError(
    'bad-request',
    `The backup is of another version of Strata (${schema}; this one has ${schemaVersion()}).`,
    'Restore it with the version that made it, and let this one start on the result.',
  );
