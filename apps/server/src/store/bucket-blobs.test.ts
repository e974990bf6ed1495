import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { encodeSafetensors } from '@strata/fl-core/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { S3Server, s3Lacking } from '../testing/s3.ts';
import type { BlobStore } from './blobs.ts';
import { openBucket, openBucketBlobs } from './bucket-blobs.ts';
import { DiskSpace } from './disk-space.ts';
import { temporaryFolder } from './testing.ts';

const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe.skipIf(s3Lacking)(`blobs in a bucket${s3Lacking}`, () => {
  let s3: S3Server;
  let folders: string[];
  /** Two servers of one bucket. */
  let [one, two] = [] as unknown as [BlobStore, BlobStore];
  beforeAll(async () => {
    s3 = await S3Server.start();
  }, 90_000);
  afterAll(() => s3.close());
  const open = async (node: string, others: readonly string[], cache = {}): Promise<BlobStore> => {
    const folder = await temporaryFolder();
    folders.push(folder);
    const living = async () => [node, ...others];
    return openBucketBlobs(openBucket(s3.bucket), folder, new DiskSpace([folder]), { node, living }, cache);
  };
  beforeEach(async () => {
    folders = [];
    one = await open('one', ['two']);
    two = await open('two', ['one']);
  });
  afterEach(async () => {
    const bucket = openBucket(s3.bucket);
    for (const key of await s3.keys()) await bucket.deleteObject(key);
    for (const folder of folders) await rm(folder, { recursive: true });
  });
  const filesOf = async (n: number) =>
    (await readdir(folders[n]!, { recursive: true })).filter((name) => /[0-9a-f]{60}/.test(name));

  it('what one server puts another one reads, under its hash, and as a file', async () => {
    const bytes = randomBytes(100_000);
    const sha256 = sha256Of(bytes);
    expect([await one.has(sha256), await two.has(sha256)]).toEqual([false, false]);
    expect(await one.put(bytes)).toEqual({ sha256, bytes: 100_000 });
    await one.put(bytes);
    expect([await two.has(sha256), await two.size(sha256)]).toEqual([true, 100_000]);
    expect(Buffer.from(await two.read(sha256))).toEqual(bytes);
    expect(await readFile(await two.path(sha256))).toEqual(bytes);
    expect(await s3.keys()).toEqual([`blobs/${sha256}`]);
  });

  it.each(['0'.repeat(64), '../../etc/passwd', '', 'A'.repeat(64)])(
    '%j is an unknown blob',
    async (sha256) => {
      expect(await one.has(sha256)).toBe(false);
      for (const ask of ['read', 'size', 'path'] as const) {
        await expect(one[ask](sha256)).rejects.toMatchObject({ code: 'unknown-blob' });
      }
      await one.remove(sha256);
    },
  );

  it('a body is spooled, then kept for all or discarded; what was refused does not travel', async () => {
    const update = (value: number) =>
      encodeSafetensors([{ name: 'w', shape: [500_000], data: new Float32Array(500_000).fill(value) }]);
    const noUpdate = randomBytes(1000);
    const kept: string[] = [];
    for (const bytes of [update(1), noUpdate]) {
      const spooled = await one.spool(Readable.from([bytes]), bytes.length);
      expect(spooled).toMatchObject({ sha256: sha256Of(bytes), bytes: bytes.length });
      expect((await s3.keys()).filter((key) => key.startsWith('spool/one/'))).toHaveLength(
        bytes === noUpdate ? 0 : 1,
      );
      expect(await two.has(spooled.sha256)).toBe(false);
      await spooled.keep();
      expect(sha256Of(await two.read(spooled.sha256))).toBe(spooled.sha256);
      kept.push(`blobs/${spooled.sha256}`);
      await expect.poll(() => s3.keys()).toEqual(kept.toSorted());
    }
    const discarded = await one.spool(Readable.from([update(2)]), 1e9);
    await discarded.discard();
    await expect(one.spool(Readable.from([noUpdate]), 10)).rejects.toMatchObject({ code: 'too-large' });
    expect(await s3.keys()).toEqual(kept.toSorted());
  });

  it('what is removed is gone for all; a server that has it as a file still may use that', async () => {
    const { sha256 } = await one.put(randomBytes(100));
    const path = await two.path(sha256);
    await one.remove(sha256);
    expect([await one.has(sha256), await two.has(sha256)]).toEqual([false, false]);
    await expect(one.read(sha256)).rejects.toMatchObject({ code: 'unknown-blob' });
    expect(await readFile(path)).toHaveLength(100);
  });

  it('other bytes under a hash are refused', async () => {
    const sha256 = sha256Of(Buffer.from('what was kept'));
    await openBucket(s3.bucket).putObject(`blobs/${sha256}`, 'what is there now');
    await expect(one.read(sha256)).rejects.toMatchObject({ code: 'internal' });
    expect(await filesOf(0)).toEqual([]);
  });

  it('a crowd that asks for a layer fetches it once; of more files than fit the oldest go', async () => {
    const small = await open('three', ['one', 'two'], { bytes: 2500, usedMs: 0 });
    const hashes: string[] = [];
    for (let n = 0; n < 4; n++) hashes.push((await one.put(randomBytes(1000))).sha256);
    for (const sha256 of hashes) await Promise.all(Array.from({ length: 20 }, () => small.read(sha256)));
    const left = (await filesOf(2)).map((name) => name.replace('/', ''));
    expect(left.sort()).toEqual(hashes.slice(2).sort());
    expect(await small.read(hashes[0]!)).toHaveLength(1000);
  });

  it('a bucket that stands still for a while holds what arrives up, and loses nothing', async () => {
    for (const blobs of [one, two]) await blobs.put(randomBytes(10)); // connections that are used again
    s3.suspend();
    const kept = Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        const values = new Float32Array(300_000).fill(i);
        const bytes = encodeSafetensors([{ name: 'w', shape: [values.length], data: values }]);
        const spooled = await (i % 2 === 0 ? one : two).spool(Readable.from([bytes]), 1e9);
        await spooled.keep();
        return spooled.sha256;
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 1500));
    s3.awake();
    for (const sha256 of await kept) expect(sha256Of(await one.read(sha256))).toBe(sha256);
  }, 30_000);

  it('what a server that is gone left in the spool is deleted at the next start of any', async () => {
    const bucket = openBucket(s3.bucket);
    for (const node of ['one', 'two', 'gone']) await bucket.putObject(`spool/${node}/x`, 'half');
    await open('three', ['two']);
    expect(await s3.keys()).toEqual(['spool/two/x']);
  });
});

it.skipIf(s3Lacking)(`a bucket that is not there is an error that work waits for${s3Lacking}`, async () => {
  const folder = join(await temporaryFolder(), 'cache');
  const nowhere = openBucket({
    url: 'http://127.0.0.1:9/strata',
    region: 'auto',
    accessKey: 'k',
    secretKey: 's',
  });
  await expect(
    openBucketBlobs(nowhere, folder, new DiskSpace([folder]), { node: 'one', living: async () => ['one'] }),
  ).rejects.toMatchObject({ code: 'STRATA_BUCKET_AWAY' });
});
