import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StrataError } from '@strata/fl-core/protocol';
import { z } from 'zod';
import { reasonOf } from './bad-model.ts';
import { exists } from './exists.ts';

/** One file of the Hugging Face Hub, pinned: nothing else than these bytes is ever used. */
export const HubPin = z.object({
  /** The Hub, or a mirror of it. */
  endpoint: z.url({ protocol: /^https?$/ }).default('https://huggingface.co'),
  repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'must be OWNER/NAME'),
  revision: z.string().regex(/^[0-9a-f]{40}$/, 'must be a full commit hash'),
  file: z.string().regex(/^[\w.-]+$/, 'must be a file name'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits'),
});
export type HubPin = z.infer<typeof HubPin>;

/** A model that is larger is not one that a browser tab fine-tunes. */
const maxBytes = 512 * 2 ** 20;
/** A download that has not ended after this long has failed. */
const timeoutMs = 15 * 60_000;

export const cachedPath = (pin: HubPin, cacheDir: string): string =>
  join(cacheDir, `${pin.sha256}-${pin.file}`);

export const isCached = (pin: HubPin, cacheDir: string): Promise<boolean> =>
  exists(cachedPath(pin, cacheDir));

/**
 * Path of the pinned file, downloaded into `cacheDir` unless it is there. Streamed: memory does not grow with
 * the file. The file appears under its name only after its hash has been found right.
 *
 * @throws StrataError `unavailable` when the Hub cannot be reached or does not have the file, `bad-model` when
 *   the bytes are not the pinned ones, `too-large` beyond 512 MiB.
 */
export function fetchPinned(pin: HubPin, cacheDir: string): Promise<string> {
  const path = cachedPath(pin, cacheDir);
  const running = downloads.get(path) ?? ensure(pin, path).finally(() => downloads.delete(path));
  downloads.set(path, running);
  return running;
}

/** Downloads in progress by path: two runs created at once share one. */
const downloads = new Map<string, Promise<string>>();

async function ensure(pin: HubPin, path: string): Promise<string> {
  if (await exists(path)) {
    if ((await sha256Of(path)) === pin.sha256) return path;
    await rm(path);
  }
  await mkdir(dirname(path), { recursive: true });
  const partial = `${path}.part`;
  try {
    const sha256 = await download(pin, partial);
    if (sha256 !== pin.sha256) {
      throw new StrataError(
        'bad-model',
        `${pin.repository} at ${pin.revision} gave a ${pin.file} with the sha256 ${sha256}; ${pin.sha256} is pinned.`,
        'Check the pinned revision and sha256; if they are right, the download was tampered with.',
      );
    }
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
  return path;
}

/** Streams the file to `to` and returns its sha256. */
async function download(pin: HubPin, to: string): Promise<string> {
  const url = `${pin.endpoint}/${pin.repository}/resolve/${pin.revision}/${pin.file}`;
  const unavailable = (reason: string, cause?: unknown) =>
    new StrataError(
      'unavailable',
      `${url} cannot be downloaded: ${reason}`,
      'Check the connection to the Hugging Face Hub, or put the file into a folder of STRATA_MODELS_DIR.',
      { cause },
    );
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
  } catch (cause) {
    throw unavailable(reasonOf(cause instanceof Error && cause.cause ? cause.cause : cause), cause);
  }
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw unavailable(`the answer is ${response.status} ${response.statusText}`);
  }
  const hash = createHash('sha256');
  let bytes = 0;
  const measured = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.byteLength;
      hash.update(chunk);
      if (bytes <= maxBytes) done(null, chunk);
      else done(new StrataError('too-large', `${url} has more than ${maxBytes} bytes.`, 'Check the pin.'));
    },
  });
  try {
    await pipeline(response.body, measured, createWriteStream(to));
  } catch (cause) {
    throw cause instanceof StrataError ? cause : unavailable(reasonOf(cause), cause);
  }
  return hash.digest('hex');
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
