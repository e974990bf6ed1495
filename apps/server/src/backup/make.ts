import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StrataError } from '@strata/fl-core/protocol';
import { usedAmong } from '../engine/garbage-collection.ts';
import type { HasLimits } from '../limits.ts';
import type { HasBlobs } from '../store/blobs.ts';
import { runs } from '../store/schema.ts';
import type { HasDb } from '../store/store.ts';
import {
  aboutFile,
  type BackupAbout,
  type BackupWhole,
  blobFile,
  packed,
  tableFile,
  wholeFile,
} from './archive.ts';
import { rowsOf, savedTables, schemaVersion } from './tables.ts';

type Ports = HasDb & HasBlobs & HasLimits<'keptCheckpoints'>;

/** Of the data folder; what a process that was killed has left in it is deleted. */
const rowsFolder = 'backup';

/**
 * A backup as bytes of a tar: all rows as they were at one moment, and the files that a server needs to go on from there.
 * What the rows say is put into files of `dataDir` first, so that nobody who reads slowly holds up the database.
 * One at a time; whoever calls sees to it that no file is deleted until this has ended.
 * @throws {StrataError} `unavailable` where a file is not there all the same: another node has deleted it meanwhile.
 */
export async function* makeBackup(
  ports: Ports,
  dataDir: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const folder = join(dataDir, rowsFolder);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  try {
    const { about, rows, hashes } = await snapshot(ports, folder);
    yield* packed(entries());

    async function* entries() {
      yield jsonFile(aboutFile, about);
      for (const table of savedTables) {
        const path = join(folder, table);
        yield { name: tableFile(table), size: (await stat(path)).size, content: createReadStream(path) };
      }
      let bytes = 0;
      for (const sha256 of hashes) {
        signal.throwIfAborted();
        const content = await ports.blobs.read(sha256).catch((cause: unknown) => {
          throw new StrataError(
            'unavailable',
            'A file went away while it was to be saved.',
            'Make the backup again.',
            { cause },
          );
        });
        bytes += content.length;
        yield { name: blobFile(sha256), size: content.length, content: whole(content) };
      }
      const end: BackupWhole = { rows, blobs: hashes.length, bytes };
      yield jsonFile(wholeFile, end);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function jsonFile(name: string, value: object) {
  const text = Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  return { name, size: text.length, content: whole(text) };
}

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Writes the rows of one moment into files of `folder`. */
async function snapshot(ports: Ports, folder: string) {
  return ports.db.transaction(
    async (tx) => {
      const rows: Record<string, number> = {};
      for (const table of savedTables) {
        let count = 0;
        async function* lines() {
          for await (const row of rowsOf(tx, table)) {
            count += 1;
            yield `${row}\n`;
          }
        }
        await pipeline(Readable.from(lines()), createWriteStream(join(folder, table), { mode: 0o600 }));
        rows[table] = count;
      }
      const used = await usedAmong({ db: tx, limits: ports.limits }, 'all');
      const there = await tx.select({ id: runs.id }).from(runs);
      const about: BackupAbout = {
        format: 1,
        schema: schemaVersion(),
        at: Date.now(),
        runs: there.map(({ id }) => id),
      };
      return { about, rows, hashes: [...used].sort() };
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}
