import { chmod, lstat, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StrataError } from '@strata/fl-core/protocol';
import { errorCode } from './failure.ts';

/** What a server puts into its data folder. */
const ours: ReadonlySet<string> = new Set([
  'backup',
  'blobs',
  'bucket-cache',
  'lock',
  'lock-holder',
  'models',
  'operator-token',
  'postgres',
  'postgres.new',
  'shared-folder',
  'space-trial',
]);

const others = 0o077;

/**
 * Keeps a data folder and everything of ours in it from other users of the machine: updates, the database and the
 * operator's token are there. A DATA_DIR that is not there is made. Says in one sentence what it mended of the folder itself; null when that was in order.
 *
 * @throws StrataError `bad-config` when others can enter a folder that belongs to somebody else, or has things in it
 *   that are not ours: closing that could lock others out of what is theirs.
 */
export async function keepPrivate(
  folder: string,
  setting: 'DATA_DIR' | 'SHARED_DIR' = 'DATA_DIR',
): Promise<string | null> {
  // A shared folder that is not there may be one that is not mounted.
  if (setting === 'DATA_DIR') await mkdir(folder, { recursive: true, mode: 0o700 });
  if (process.platform === 'win32') return null;
  const names = await readdir(folder);
  const open = (await lstat(folder)).mode & others;
  if (open !== 0) await close(folder, names, setting);
  for (const name of names) if (ours.has(name)) await closeAll(join(folder, name));
  return open === 0
    ? null
    : `${setting} ${folder} was open to other users of this machine: it and what is in it are this user's alone now.`;
}

async function close(folder: string, names: readonly string[], setting: string): Promise<void> {
  const foreign = names.filter((name) => !ours.has(name));
  const refusal = (why: string, cause?: unknown) =>
    new StrataError(
      'bad-config',
      `${setting}: other users of this machine can enter ${folder}, ${why}.`,
      'Name a folder of its own; or, if it is this server’s alone, close it: chmod 700 FOLDER.',
      { cause },
    );
  if (foreign.length > 0)
    throw refusal(`and it holds what is not Strata's (${foreign.slice(0, 3).join(', ')})`);
  try {
    await chmod(folder, 0o700);
  } catch (error) {
    if (errorCode(error) === 'EPERM') throw refusal('and it is not this user’s to close', error);
    throw error;
  }
}

/** Takes from others what they may with a file, or with a folder and all below it. Links are not followed. */
async function closeAll(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return null; // a lock may come and go
    throw error;
  });
  if (found === null || found.isSymbolicLink()) return;
  if ((found.mode & others) !== 0) await chmod(path, found.mode & 0o700);
  if (found.isDirectory()) for (const name of await readdir(path)) await closeAll(join(path, name));
}
