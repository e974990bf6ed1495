import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openBlobFolder } from './blob-folder.ts';
import type { BlobStore } from './blobs.ts';
import { temporaryFolder } from './testing.ts';

let folder: string;
let blobs: BlobStore;
beforeEach(async () => {
  folder = await temporaryFolder();
  blobs = await openBlobFolder(folder);
});
afterEach(() => rm(folder, { recursive: true }));

const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
/** Every file below the folder. */
async function files(): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

test('what is put is read back under its hash, once', async () => {
  const bytes = randomBytes(100_000);
  const sha256 = sha256Of(bytes);
  expect(await blobs.has(sha256)).toBe(false);
  expect(await blobs.put(bytes)).toEqual({ sha256, bytes: 100_000 });
  await Promise.all([blobs.put(bytes), blobs.put(bytes)]);
  expect(await blobs.has(sha256)).toBe(true);
  expect(await blobs.size(sha256)).toBe(100_000);
  expect(Buffer.from(await blobs.read(sha256))).toEqual(bytes);
  expect(await blobs.path(sha256)).toBe(join(folder, sha256.slice(0, 2), sha256.slice(2)));
  expect(await files()).toEqual([await blobs.path(sha256)]);
});

test.each(['0'.repeat(64), '../../etc/passwd', '', 'A'.repeat(64)])(
  '%j is an unknown blob',
  async (sha256) => {
    expect(await blobs.has(sha256)).toBe(false);
    for (const ask of [() => blobs.read(sha256), () => blobs.size(sha256), () => blobs.path(sha256)]) {
      await expect(ask()).rejects.toMatchObject({ code: 'unknown-blob' });
    }
  },
);

test('a body is spooled with its hash, then kept or discarded', async () => {
  const chunks = Array.from({ length: 20 }, () => randomBytes(10_000));
  const bytes = Buffer.concat(chunks);
  const kept = await blobs.spool(Readable.from(chunks), bytes.length);
  expect(kept).toMatchObject({ sha256: sha256Of(bytes), bytes: bytes.length });
  expect(await readFile(kept.path)).toEqual(bytes);
  expect(await blobs.has(kept.sha256)).toBe(false);
  await kept.keep();
  expect(Buffer.from(await blobs.read(kept.sha256))).toEqual(bytes);

  const discarded = await blobs.spool(Readable.from([Buffer.from('x')]), 1);
  await discarded.discard();
  expect(await files()).toEqual([await blobs.path(kept.sha256)]);
});

test('a body over the limit is refused and leaves nothing', async () => {
  const body = Readable.from([600, 600, 600].map((bytes) => Buffer.alloc(bytes)));
  await expect(blobs.spool(body, 1199)).rejects.toMatchObject({ code: 'too-large' });
  expect(body.destroyed).toBe(false); // the refusal still has to travel on the connection
  expect(await files()).toEqual([]);
});

test('one that breaks off at once does not disturb the others', async () => {
  const bytes = randomBytes(300_000);
  const whole = () => Readable.from([bytes.subarray(0, 100_000), bytes.subarray(100_000)]);
  const broken = () =>
    Readable.from(
      (function* () {
        yield bytes.subarray(0, 10);
        throw new Error('broke off');
      })(),
    );
  const bodies = Array.from({ length: 30 }, (_, i) => blobs.spool(i % 2 === 0 ? whole() : broken(), 1e9));
  const settled = await Promise.allSettled(bodies);
  for (const [i, outcome] of settled.entries()) {
    if (i % 2 === 1) expect(outcome).toMatchObject({ status: 'rejected', reason: { message: 'broke off' } });
    else expect(outcome).toMatchObject({ status: 'fulfilled', value: { sha256: sha256Of(bytes) } });
  }
});

test('an upload that breaks off leaves nothing', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  const spooled = new Promise((resolve) => {
    server.once('request', (body) => blobs.spool(body, 1e9).then(resolve, resolve));
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const upload = request({ port, method: 'PUT', headers: { 'content-length': 1_000_000 } });
  upload.on('error', () => {}); // it is cut on purpose
  upload.write(Buffer.alloc(300_000));
  await expect.poll(async () => (await files()).length, { timeout: 20_000 }).toBe(1);
  upload.destroy();
  expect(await spooled).toBeInstanceOf(Error);
  expect(await files()).toEqual([]);
  server.close();
});

test('what a killed server left in the spool is gone after the next start; blobs stay', async () => {
  const { sha256 } = await blobs.put(Buffer.from('stays'));
  await mkdir(join(folder, 'spool'), { recursive: true });
  await writeFile(join(folder, 'spool', 'half'), 'hal');
  const reopened = await openBlobFolder(folder);
  expect(await files()).toEqual([await reopened.path(sha256)]);
});

test('of nodes that share a folder, what a dead one left in its spool is gone; what one that starts meanwhile has is not', async () => {
  const spooling = (store: BlobStore) => store.spool(Readable.from([Buffer.from('x')]), 1);
  await mkdir(join(folder, 'spool', 'dead'));
  await writeFile(join(folder, 'spool', 'dead', 'half'), 'half');
  const joined = ['a'];
  const open = (node: string, living: () => Promise<readonly string[]>) =>
    openBlobFolder(folder, undefined, { node, living });
  let b: BlobStore | undefined;
  const a = await open('a', async () => {
    // It joins and has its folder while this one looks who lives.
    const before = [...joined];
    joined.push('b');
    b = await open('b', async () => [...joined]);
    return before;
  });
  expect((await readdir(join(folder, 'spool'))).sort()).toEqual(['a', 'b']);
  for (const store of [a, b!]) await (await spooling(store)).keep();
  // Taken for dead while it stood still, by a third one that starts.
  const c = await open('c', async () => ['a', 'c']);
  expect((await readdir(join(folder, 'spool'))).sort()).toEqual(['a', 'c']);
  for (const store of [a, b!, c]) await (await spooling(store)).keep();
});
