import type { Readable } from 'node:stream';
import { defaultLimits } from '../limits.ts';
import { keepPrivate } from '../private-folder.ts';
import { openStore, type Store, type StoreSettings } from '../store/store.ts';
import { type BackupSummary, nowhere, readBackup } from './archive.ts';
import { makeBackup } from './make.ts';
import { restoreBackup } from './restore.ts';

/** Backups without a server: of one that is stopped, into one that is not there yet. For `strata backup` and `restore`. */

export type { BackupSummary } from './archive.ts';

/** Whether a backup is whole. @throws {StrataError} `bad-request` where it is not. */
export const checkBackup = (source: Readable): Promise<BackupSummary> => readBackup(source, nowhere);

/** @throws {StrataError} `unavailable` while a server runs on the folder or the database. */
export async function* backupOfStopped(
  settings: StoreSettings,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const store = await openStore(settings);
  try {
    yield* makeBackup({ ...store, limits: defaultLimits }, settings.dataDir, signal);
  } finally {
    await store.close();
  }
}

/** What {@link restoreBackup} does, to an empty folder or database. */
export async function restoreInto(settings: StoreSettings, source: Readable): Promise<BackupSummary> {
  let store: Store | null = null;
  try {
    store = await openStore(settings);
    return await restoreBackup(store, source);
  } finally {
    await store?.close();
    await keepPrivate(settings.dataDir);
  }
}
