import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { Id, Sha256, StrataError } from '@strata/fl-core/protocol';
import tar from 'tar-stream';
import { z } from 'zod';
import { type SavedTable, savedTables } from './tables.ts';

/**
 * What a backup looks like: a tar of `about.json`, `tables/NAME.jsonl`, `blobs/SHA256` and, last, so that a backup
 * without it is cut off, `whole.json`.
 */
export const aboutFile = 'about.json';
export const wholeFile = 'whole.json';
export const tableFile = (table: SavedTable): string => `tables/${table}.jsonl`;
export const blobFile = (sha256: string): string => `blobs/${sha256}`;

export const BackupAbout = z.object({
  format: z.literal(1),
  /** The newest migration of the version that made it. */
  schema: z.string(),
  /** When the rows were read, in milliseconds since the epoch. */
  at: z.number().int(),
  runs: z.array(Id),
});
export type BackupAbout = z.infer<typeof BackupAbout>;

const BackupWhole = z.object({
  /** Rows of each table. */
  rows: z.record(z.string(), z.number().int()),
  blobs: z.number().int(),
  /** Of all blobs. */
  bytes: z.number().int(),
});
export type BackupWhole = z.infer<typeof BackupWhole>;
export type BackupSummary = BackupAbout & BackupWhole;

/** Takes what is in a backup, in the order of the file. */
export interface BackupSink {
  /** Before anything else. */
  about(about: BackupAbout): void;
  /** Some rows of a table; those of one table come one after the other. */
  rows(table: SavedTable, rows: readonly string[]): Promise<void>;
  /** Its bytes have the hash. */
  blob(sha256: string, bytes: Uint8Array): Promise<void>;
}

export const nowhere: BackupSink = { about: () => {}, rows: async () => {}, blob: async () => {} };

/** So many bytes of rows are handed on at once. */
const lotBytes = 2 ** 20;

/**
 * Reads a backup through, checks that it is whole and hands on what is in it.
 * @throws {StrataError} `bad-request` where it is cut off, changed or no backup.
 */
export async function readBackup(source: Readable, sink: BackupSink): Promise<BackupSummary> {
  const rows: Record<string, number> = {};
  let [blobs, bytes] = [0, 0];
  let about: BackupAbout | null = null;
  let end: BackupWhole | null = null;
  // What whoever takes the parts cannot do is no fault of the backup.
  const failures = new Set<unknown>();
  const taken = (work: Promise<void>) =>
    work.catch((error: unknown) => {
      failures.add(error);
      throw error;
    });
  const extract = tar.extract();
  source.once('error', (error) => extract.destroy(error));
  source.pipe(extract);
  try {
    for await (const entry of extract) {
      const { name } = entry.header;
      const json = async () => JSON.parse(Buffer.from(await bytesOf(entry)).toString());
      if (about === null) {
        if (name !== aboutFile) throw notWhole('it begins otherwise');
        about = BackupAbout.parse(await json());
        sink.about(about);
        continue;
      }
      const table = savedTables.find((saved) => tableFile(saved) === name);
      const sha256 = Sha256.safeParse(/^blobs\/(.*)$/.exec(name)?.[1]).data;
      if (table !== undefined) rows[table] = await readRows(entry, (lot) => taken(sink.rows(table, lot)));
      else if (sha256 !== undefined) {
        const content = await bytesOf(entry);
        if (createHash('sha256').update(content).digest('hex') !== sha256)
          throw notWhole(`${name} was changed`);
        await taken(sink.blob(sha256, content));
        blobs += 1;
        bytes += content.length;
      } else if (name === wholeFile) end = BackupWhole.parse(await json());
      else throw notWhole(`${name.slice(0, 100)} does not belong to it`);
    }
  } catch (error) {
    throw error instanceof StrataError || failures.has(error) ? error : notWhole('it cannot be read', error);
  }
  if (about === null || end === null) throw notWhole('its end is missing');
  const counts = (of: BackupWhole) =>
    JSON.stringify([savedTables.map((t) => of.rows[t]), of.blobs, of.bytes]);
  if (counts({ rows, blobs, bytes }) !== counts(end)) throw notWhole('parts of it are missing');
  return { ...about, ...end };
}

const notWhole = (what: string, cause?: unknown): StrataError =>
  new StrataError(
    'bad-request',
    `This is no whole backup: ${what}.`,
    'Take another one, or make it again.',
    cause === undefined ? {} : { cause },
  );

async function bytesOf(entry: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of entry) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Hands on the lines of an entry in lots. @returns how many there were. */
async function readRows(
  entry: AsyncIterable<Uint8Array>,
  take: (lot: readonly string[]) => Promise<void>,
): Promise<number> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let [count, rest, length] = [0, '', 0];
  let lot: string[] = [];
  const handOn = async () => {
    if (lot.length > 0) await take(lot);
    count += lot.length;
    [lot, length] = [[], 0];
  };
  for await (const chunk of entry) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      lot.push(line);
      length += line.length;
      if (length >= lotBytes) await handOn();
    }
  }
  await handOn();
  return count;
}

/** A tar of entries as they come. */
export async function* packed(
  entries: AsyncIterable<{
    readonly name: string;
    readonly size: number;
    readonly content: AsyncIterable<Uint8Array>;
  }>,
): AsyncGenerator<Uint8Array> {
  const pack = tar.pack();
  const filled = (async () => {
    for await (const { name, size, content } of entries) {
      await new Promise<void>((resolve, reject) => {
        const entry = pack.entry({ name, size, mode: 0o600 }, (error) => (error ? reject(error) : resolve()));
        Readable.from(content, { objectMode: false }).once('error', reject).pipe(entry);
      });
    }
    pack.finalize();
  })();
  filled.catch((error: unknown) => pack.destroy(error instanceof Error ? error : new Error(String(error))));
  yield* pack as AsyncIterable<Uint8Array>;
  await filled;
}
