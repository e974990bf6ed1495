import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { specFromConfig } from '@strata/fl-core/models/layouts';
import { StrataError } from '@strata/fl-core/protocol';
import { reasonOf } from './bad-model.ts';
import { checkTokenizer } from './check-tokenizer.ts';
import { exists } from './exists.ts';
import {
  configFile,
  layersFile,
  preprocessorFile,
  processorFile,
  readFolderConfig,
  tokenizerFiles,
} from './model-folder.ts';
import { jsonBytes, tokenizerBytes, tooLong } from './sizes.ts';
import { indexFile, pickled, pickles, readIndex, wholeFile } from './weights-files.ts';
import { shardNames } from './weights-manifest.ts';

/** Bytes of all files of a model together: 400 million float32 parameters and what belongs to them. */
export const maxBytes = 2 * 2 ** 30;

/** One place with a model's files. */
export interface RemoteFolder {
  /** For messages. */
  readonly name: string;
  /** The bytes of a file; null when there is none of that name. */
  open(file: string): Promise<ReadableStream<Uint8Array> | null>;
  /** Whether there is such a file. */
  has(file: string): Promise<boolean>;
}

/** Downloads in progress by folder: two runs created at once share one. */
const running = new Map<string, Promise<string>>();

/**
 * Downloads the files that make a model into `folder`, unless it is there already. The folder appears under its
 * name only when it is whole. Weights are asked for only when the other files are those of a model that is built.
 *
 * @throws StrataError `unavailable` when a file cannot be had, `bad-model` when the place has no model in
 *   safetensors or one of an unknown architecture, `too-large`.
 */
export function fetchFolder(remote: RemoteFolder, folder: string, limit = maxBytes): Promise<string> {
  const download = running.get(folder) ?? ensure(remote, folder, limit).finally(() => running.delete(folder));
  running.set(folder, download);
  return download;
}

async function ensure(remote: RemoteFolder, folder: string, limit: number): Promise<string> {
  if (await exists(folder)) return folder;
  const partial = `${folder}.part`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  try {
    await fetchFiles(remote, partial, limit);
    await rename(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return folder;
}

async function fetchFiles(remote: RemoteFolder, folder: string, limit: number): Promise<void> {
  const counter = { left: limit, limit };
  const get = (file: string, most = jsonBytes) => fetchFile(remote, { file, most }, folder, counter);
  if (!(await get(configFile))) {
    if (await get(layersFile)) return fetchLayersModel(remote, folder, get, limit);
    throw new StrataError(
      'bad-model',
      `${remote.name} has no ${configFile} and no ${layersFile}.`,
      'Choose a model that transformers can load, or a LayersModel of TensorFlow.js.',
    );
  }
  for (const file of [preprocessorFile, processorFile, 'README.md']) await get(file);
  for (const file of Object.values(tokenizerFiles)) await get(file, tokenizerBytes);
  const { found } = await readFolderConfig(folder);
  if (found.kind === 'transformers') {
    const { config, preprocessor } = found;
    const spec = specFromConfig(config, { id: remote.name, preprocessor: preprocessor ?? undefined });
    await checkTokenizer(folder, spec, config);
  }
  if (await get(wholeFile, limit)) return;
  if (await get(indexFile)) {
    for (const shard of (await readIndex(join(folder, indexFile))).keys()) {
      if (!(await get(shard, limit))) {
        throw new StrataError('bad-model', `${remote.name} lacks the shard ${shard}.`, 'Upload it there.');
      }
    }
    return;
  }
  for (const file of pickles) if (await remote.has(file)) throw pickled(remote.name, file);
  throw new StrataError(
    'bad-model',
    `${remote.name} has neither ${wholeFile} nor ${indexFile}.`,
    'Choose a model that is saved in safetensors.',
  );
}

/** What belongs to the `model.json` that has been fetched. */
async function fetchLayersModel(
  remote: RemoteFolder,
  folder: string,
  get: (file: string, most?: number) => Promise<boolean>,
  limit: number,
): Promise<void> {
  await get('README.md');
  for (const shard of await shardNames(join(folder, layersFile))) {
    if (!(await get(shard, limit))) {
      throw new StrataError('bad-model', `${remote.name} lacks the shard ${shard}.`, 'Upload it there.');
    }
  }
}

/** Says whether there is such a file. What is more than `most` bytes of it is refused while it arrives. */
async function fetchFile(
  remote: RemoteFolder,
  { file, most }: { readonly file: string; readonly most: number },
  folder: string,
  counter: { left: number; readonly limit: number },
): Promise<boolean> {
  try {
    const body = await remote.open(file);
    if (body === null) return false;
    let bytes = 0;
    const counted = new Transform({
      transform(chunk: Uint8Array, _encoding, done) {
        counter.left -= chunk.byteLength;
        bytes += chunk.byteLength;
        if (counter.left < 0) {
          done(
            new StrataError(
              'too-large',
              `With ${file}, ${remote.name} has more than the ${counter.limit} bytes that are taken.`,
              'Choose a smaller model, or one in float16.',
            ),
          );
        } else if (bytes > most) done(tooLong(file, remote.name, most));
        else done(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(body), counted, createWriteStream(join(folder, file)));
    return true;
  } catch (cause) {
    if (cause instanceof StrataError) throw cause;
    const reason = reasonOf(cause instanceof Error && cause.cause ? cause.cause : cause);
    throw new StrataError(
      'unavailable',
      `${file} of ${remote.name} cannot be downloaded: ${reason}`,
      'Check the name and the connection, or put the model into a folder of STRATA_MODELS_DIR.',
      { cause },
    );
  }
}
