import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { routes, StrataError } from '@strata/fl-core/protocol';
import type { Command } from 'commander';
import { type Access, callerOf, withAccess } from '../access.ts';
import type { Terminal } from '../terminal.ts';

// Fetched when it is wanted: the other commands start without a server's packages.
const backups = () => import('@strata/server/backup');

interface Place {
  readonly data?: string;
  readonly database?: string;
}

const tellEveryMs = 2_000;

/** `strata backup` and `strata restore`. */
export function addBackup(program: Command, terminal: Terminal): void {
  withPlace(withAccess(program.command('backup <file>')))
    .description(
      'all that a server needs to go on, in one file; of a running one as its owner, of a stopped one by --data',
    )
    .action((file: string, options: Access & Place) =>
      terminal.answer(
        options,
        () => saved(file, options, terminal),
        ({ runs, bytes }) =>
          `${file}: ${runs.length} runs, ${bytes} bytes. It holds secrets: keep it to yourself.`,
      ),
    );
  withPlace(program.command('restore <file>'))
    .description('puts a backup into an empty folder (and database), for a server to start on')
    .option('--json', 'one JSON object on standard output')
    .action((file: string, options: Place & { json?: true }) =>
      terminal.answer(
        options,
        () => restored(file, options),
        ({ runs, rows }) =>
          `${runs.length} runs and ${rows.clients} participants are back; start the server.`,
      ),
    );
}

const withPlace = (command: Command): Command =>
  command
    .option('--data <folder>', 'DATA_DIR of a server that does not run')
    .option('--database <url>', 'its DATABASE_URL; the folder’s own database otherwise');

function placeOf({ data, database }: Place & { data: string }) {
  return { dataDir: resolve(data), databaseUrl: database ?? null };
}

async function saved(file: string, options: Access & Place, terminal: Terminal) {
  const { data } = options;
  const bytes =
    data === undefined ? await ofRunning(options, terminal) : await ofStopped({ ...options, data }, terminal);
  const part = `${file}.part`;
  let told = performance.now();
  let written = 0;
  const counted = new Transform({
    transform(chunk: Uint8Array, _, done) {
      written += chunk.length;
      if (performance.now() - told > tellEveryMs) {
        told = performance.now();
        terminal.log(`${written} bytes`);
      }
      done(null, chunk);
    },
  });
  try {
    await pipeline(bytes, counted, createWriteStream(part, { mode: 0o600 })).catch((cause: unknown) => {
      if (cause instanceof StrataError) throw cause;
      throw new StrataError(
        'unavailable',
        'The backup broke off.',
        'Make it again; the server’s log says more.',
        { cause },
      );
    });
    const { checkBackup } = await backups();
    const summary = await checkBackup(createReadStream(part));
    await rename(part, file);
    return { file, ...summary, bytes: written };
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

async function ofRunning(options: Access, terminal: Terminal): Promise<Readable> {
  const { body } = await callerOf(options).bytes(routes.backup, {}, { signal: terminal.stopped });
  return Readable.fromWeb(body as ReadableStream<Uint8Array>);
}

async function ofStopped(place: Place & { data: string }, terminal: Terminal): Promise<Readable> {
  // A folder that is not there is not made for nothing.
  if (!(await isFolder(place.data))) {
    throw new StrataError('bad-request', `${place.data} is no folder.`, 'Name the DATA_DIR of the server.');
  }
  const { backupOfStopped } = await backups();
  return Readable.from(backupOfStopped(placeOf(place), terminal.stopped), { objectMode: false });
}

async function restored(file: string, { data, ...more }: Place) {
  if (data === undefined) {
    throw new StrataError(
      'bad-request',
      'It is not said where to.',
      'Give --data FOLDER, the DATA_DIR to be.',
    );
  }
  const { checkBackup, restoreInto } = await backups();
  const whole = await checkBackup(await opened(file));
  await mkdir(data, { recursive: true, mode: 0o700 });
  await restoreInto(placeOf({ data, ...more }), await opened(file));
  return { data, ...whole };
}

async function opened(file: string): Promise<Readable> {
  if ((await stat(file).catch(() => null))?.isFile()) return createReadStream(file);
  throw new StrataError('bad-request', `${file} is no file.`, 'Name what strata backup has made.');
}

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => null))?.isDirectory() ?? false;
