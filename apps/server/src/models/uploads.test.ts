import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelUploads } from './uploads.ts';

let cacheDir: string;
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'strata-uploads-'));
});
afterEach(() => rm(cacheDir, { recursive: true }));

const text = (content: string) => Readable.from([Buffer.from(content)]);
const sha256 = (content: string) => createHash('sha256').update(content).digest('hex');

describe('ModelUploads', () => {
  it('names a folder by what is in it, and keeps the same files once', async () => {
    const uploads = new ModelUploads(cacheDir);
    await uploads.take('one', 'b.bin', text('weights'));
    await uploads.take('one', 'a.json', text('{}'));
    const { source } = await uploads.finish('one');
    const lines = [`${sha256('{}')}  a.json\n`, `${sha256('weights')}  b.bin\n`].toSorted();
    expect(source).toBe(`upload:${sha256(lines.join(''))}`);
    const folder = source.replace(':', '-');
    expect(await readFile(join(cacheDir, folder, 'b.bin'), 'utf8')).toBe('weights');
    // In another order, one file sent twice.
    await uploads.take('two', 'a.json', text('{}'));
    await uploads.take('two', 'b.bin', text('wrong'));
    await uploads.take('two', 'b.bin', text('weights'));
    const again = await uploads.finish('two');
    expect(again.source).toBe(source);
    await again.discard(); // It was there before.
    expect(await readdir(cacheDir)).toEqual([folder, 'incoming'].toSorted());
    expect(await readdir(join(cacheDir, 'incoming'))).toEqual([]);
  });

  it('takes files that come at once', async () => {
    const uploads = new ModelUploads(cacheDir);
    const names = ['a.bin', 'b.bin', 'c.bin'];
    await Promise.all(names.map((name) => uploads.take('one', name, text(name))));
    const { source } = await uploads.finish('one');
    expect((await readdir(join(cacheDir, source.replace(':', '-')))).toSorted()).toEqual(names);
  });

  it('takes no more bytes than its limit, over all files of a model', async () => {
    const uploads = new ModelUploads(cacheDir, { bytes: 10 });
    await uploads.take('one', 'a.bin', text('12345678'));
    await expect(uploads.take('one', 'b.bin', text('123'))).rejects.toMatchObject({ code: 'too-large' });
    // What was refused does not count, nor what is replaced.
    await uploads.take('one', 'a.bin', text('1234567890'));
    expect(await readdir(join(cacheDir, 'incoming', 'one'))).toEqual(['a.bin']);
  });

  it('takes no more files than its limit', async () => {
    const uploads = new ModelUploads(cacheDir, { files: 1 });
    await uploads.take('one', 'a.bin', text('1'));
    await expect(uploads.take('one', 'b.bin', text('1'))).rejects.toMatchObject({ code: 'too-large' });
  });

  it('has a limit of uploads that are open; those given up make room', async () => {
    const uploads = new ModelUploads(cacheDir, { open: 1, idleMs: 20 });
    await uploads.take('one', 'a.bin', text('1'));
    await expect(uploads.take('two', 'a.bin', text('1'))).rejects.toMatchObject({ code: 'rate-limited' });
    await new Promise((resolve) => setTimeout(resolve, 40));
    await uploads.take('two', 'a.bin', text('1'));
    expect(await readdir(join(cacheDir, 'incoming'))).toEqual(['two']);
    await expect(uploads.finish('one')).rejects.toMatchObject({ code: 'bad-request' });
  });

  it('ends no upload while a file is on its way, and drops a file that broke off', async () => {
    const uploads = new ModelUploads(cacheDir);
    await uploads.take('one', 'a.bin', text('1'));
    const body = new PassThrough();
    const taking = uploads.take('one', 'b.bin', body);
    taking.catch(() => {});
    body.write('half');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await expect(uploads.finish('one')).rejects.toMatchObject({ code: 'wrong-state' });
    await expect(uploads.take('one', 'b.bin', text('x'))).rejects.toMatchObject({ code: 'wrong-state' });
    body.destroy(new Error('gone'));
    await expect(taking).rejects.toThrow('gone');
    const { source } = await uploads.finish('one');
    expect(await readdir(join(cacheDir, source.replace(':', '-')))).toEqual(['a.bin']);
  });

  it('keeps the newest models, and nothing that an earlier server left unfinished', async () => {
    const before = new ModelUploads(cacheDir);
    await before.take('left', 'a.bin', text('1'));
    const uploads = new ModelUploads(cacheDir, { kept: 2 });
    const sources: string[] = [];
    for (const [i, content] of ['a', 'b', 'c'].entries()) {
      await uploads.take(content, 'a.bin', text(content));
      const { source } = await uploads.finish(content);
      sources.push(source.replace(':', '-'));
      const at = new Date(1e12 + 1000 * i);
      if (i < 2) await utimes(join(cacheDir, sources[i]!), at, at);
    }
    expect((await readdir(cacheDir)).toSorted()).toEqual(['incoming', ...sources.slice(1)].toSorted());
    expect(await readdir(join(cacheDir, 'incoming'))).toEqual([]);
  });
});
