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

  it('keeps the newest models', async () => {
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

describe('two servers that share a folder', () => {
  const both = (limits = {}) =>
    [new ModelUploads(cacheDir, limits), new ModelUploads(cacheDir, limits)] as const;

  it('take files of one upload each, replace each other’s, and either ends it', async () => {
    const [one, other] = both();
    await one.take('m', 'a.json', text('{}'));
    await other.take('m', 'b.bin', text('wrong'));
    await one.take('m', 'b.bin', text('weights'));
    await other.take('m', 'c.txt', text('c'));
    const { source } = await other.finish('m');
    const folder = join(cacheDir, source.replace(':', '-'));
    expect((await readdir(folder)).toSorted()).toEqual(['a.json', 'b.bin', 'c.txt']);
    expect(await readFile(join(folder, 'b.bin'), 'utf8')).toBe('weights');
    // Named as if one server had taken all of it.
    const alone = new ModelUploads(await mkdtemp(join(cacheDir, 'alone-')));
    for (const [name, content] of [
      ['c.txt', 'c'],
      ['b.bin', 'weights'],
      ['a.json', '{}'],
    ] as const)
      await alone.take('m', name, text(content));
    expect((await alone.finish('m')).source).toBe(source);
    await expect(one.finish('m')).rejects.toMatchObject({ code: 'bad-request' });
  });

  it('see what is on its way at the other, unless that has ended', async () => {
    const [one, other] = both({ stuckMs: 300 });
    const body = new PassThrough();
    const taking = one.take('m', 'a.bin', body);
    taking.catch(() => {});
    body.write('half');
    await new Promise((resolve) => setTimeout(resolve, 30));
    await other.take('m', 'b.bin', text('1'));
    await expect(other.finish('m')).rejects.toMatchObject({ code: 'wrong-state' });
    await expect(other.take('m', 'a.bin', text('x'))).rejects.toMatchObject({ code: 'wrong-state' });
    // Nothing comes any more: as of a server that was killed.
    await new Promise((resolve) => setTimeout(resolve, 400));
    await other.take('m', 'a.bin', text('whole'));
    const { source } = await other.finish('m');
    const folder = join(cacheDir, source.replace(':', '-'));
    expect((await readdir(folder)).toSorted()).toEqual(['a.bin', 'b.bin']);
    expect(await readFile(join(folder, 'a.bin'), 'utf8')).toBe('whole');
    body.destroy(new Error('gone'));
    await expect(taking).rejects.toThrow('gone');
  });

  it('have one limit of bytes, of files and of open uploads', async () => {
    const [one, other] = both({ bytes: 10, files: 2, open: 1 });
    await one.take('m', 'a.bin', text('12345678'));
    await expect(other.take('m', 'b.bin', text('123'))).rejects.toMatchObject({ code: 'too-large' });
    await other.take('m', 'b.bin', text('12'));
    await expect(one.take('m', 'c.bin', text(''))).rejects.toMatchObject({ code: 'too-large' });
    await expect(other.take('n', 'a.bin', text('1'))).rejects.toMatchObject({ code: 'rate-limited' });
    // What comes to both at once is looked at when it is there.
    const [first, second] = [new PassThrough(), new PassThrough()];
    const taking = [one.take('m', 'a.bin', first), other.take('m', 'b.bin', second)];
    await new Promise((resolve) => setTimeout(resolve, 30));
    first.end('123456');
    second.end('123456');
    const ends = await Promise.allSettled(taking);
    expect(ends.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0);
  });

  it('go on with an upload after one was started again', async () => {
    const [one] = both();
    await one.take('m', 'a.bin', text('a'));
    const again = new ModelUploads(cacheDir);
    await again.take('m', 'b.bin', text('b'));
    const { source } = await again.finish('m');
    expect((await readdir(join(cacheDir, source.replace(':', '-')))).toSorted()).toEqual(['a.bin', 'b.bin']);
  });
});
