import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StrataError } from '@strata/fl-core/protocol';
import type pg from 'pg';
import type { S3mini } from 's3mini';
import { errorCode, messageOf } from '../failure.ts';
import type { Bucket } from './bucket-blobs.ts';

/** In the folder or bucket; what is in it is in the database, too. */
const fileName = 'shared-folder';
const lockKey = 7_233_923;

/** Where the nodes of a database keep blobs, and the id that is written there. */
export interface SharedPlace {
  readonly id: string;
  /** For people, with the setting that names it. */
  readonly shown: string;
}

/**
 * Makes sure that a place is the one that all nodes of a database keep blobs in: two folders of the same name on two
 * machines are not. The first node of a database decides.
 * @param look reads the place's id, or writes it where there is none: by one node at a time, so that of those that start
 *   at once none reads what another one has not written yet, or writes over it.
 * @throws StrataError `bad-config` when the database's nodes have another one.
 */
export async function checkSharedPlace(pool: pg.Pool, look: () => Promise<SharedPlace>): Promise<void> {
  const client = await pool.connect();
  let unlocked = false;
  try {
    // Of the session: a bucket may take longer to answer than a transaction may stand idle.
    await client.query('select pg_advisory_lock($1)', [lockKey]);
    const { id, shown } = await look();
    await client.query(
      'insert into shared_folder (id) select $1 where not exists (select from shared_folder)',
      [id],
    );
    const { rows } = await client.query<{ id: string }>('select id from shared_folder');
    await client.query('select pg_advisory_unlock($1)', [lockKey]);
    unlocked = true;
    if (rows[0]?.id !== id) throw anotherPlace(shown);
  } finally {
    // A connection that may have the lock is not given back.
    client.release(!unlocked);
  }
}

const anotherPlace = (shown: string): StrataError =>
  new StrataError(
    'bad-config',
    `${shown} is not where the other servers of this database keep their files.`,
    `Name the same place on every machine; if it has moved, its file "${fileName}" must have come along.`,
  );

/** Reads the id of a folder, and writes one first where there is none. Not by two nodes at once. Throws `bad-config`. */
export async function sharedFolder(folder: string): Promise<SharedPlace> {
  const shown = `SHARED_DIR: ${folder}`;
  const file = join(folder, fileName);
  try {
    // `wx`: a place that another database's servers have is not written over.
    await writeFile(file, randomUUID(), { flag: 'wx' }).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error;
    });
    return { shown, id: found(await readFile(file, 'utf8')) };
  } catch (error) {
    throw unusable(shown, error, 'Name a folder that this user can write.');
  }
}

/** As {@link sharedFolder}. */
export async function sharedBucket(bucket: S3mini, { url }: Bucket): Promise<SharedPlace> {
  const shown = `S3_BUCKET: ${url}`;
  try {
    if ((await bucket.objectExists(fileName)) !== true) await bucket.putObject(fileName, randomUUID());
    return { shown, id: found((await bucket.getObject(fileName)) ?? '') };
  } catch (error) {
    throw unusable(shown, error, 'Check the address and the keys of the bucket, and that it exists.');
  }
}

function found(text: string): string {
  const id = text.trim();
  if (id === '') throw new Error(`its file "${fileName}" is empty`);
  return id;
}

const unusable = (shown: string, cause: unknown, hint: string): StrataError =>
  new StrataError('bad-config', `${shown} cannot be used (${messageOf(cause)}).`, hint, { cause });
