import { crc32 as nodeCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { deflateSync, strToU8 } from 'fflate';
import { describe, expect, test } from 'vitest';
import { readImageFolder } from '../pictures/image-folder.ts';
import { png, reducePng, source } from '../testing.ts';
import { crc32 } from './crc32.ts';
import { type RawArchive, type RawEntry, rawZip } from './testing.ts';
import { unpackArchives } from './unpack.ts';

/** Archives as real systems write them, and as they are damaged. */

const unpack = (entries: readonly RawEntry[], archive?: RawArchive) =>
  unpackArchives([source('shots.zip', rawZip(entries, archive))]);

const content = strToU8('tea is fine, good\n'.repeat(20));

/** Of each file its path, and its text or why there is none. */
async function readAll(entries: readonly RawEntry[], archive?: RawArchive): Promise<[string, string][]> {
  const { files, problems } = await unpack(entries, archive);
  expect(problems).toEqual([]);
  return Promise.all(
    files.map(
      async ({ path, read }): Promise<[string, string]> => [
        path,
        await read().then(
          (bytes) => new TextDecoder().decode(bytes),
          (error: Error) => `! ${error.message}`,
        ),
      ],
    ),
  );
}

test('the checksum is that of zlib', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => crc32(bytes) === nodeCrc32(bytes)));
});

describe('an entry that is not what was packed', () => {
  test.each<[string, Partial<RawEntry>]>([
    ['stored, one letter changed', { spoil: (packed) => packed.set([0x70], 0) }],
    ['deflated, its checksum wrong', { method: 8, crc: 1 }],
    ['deflated, its data spoiled', { method: 8, spoil: (packed) => packed.fill(0xaa, 3, 9) }],
    ['stored, zeroed as by a bad disk', { spoil: (packed) => packed.fill(0, 100, 190) }],
  ])('%s: is damaged in the archive', async (_, spoiled) => {
    const all = await readAll([
      { name: 'data.csv', content, ...spoiled },
      { name: 'whole.csv', content },
    ]);
    expect(all[0]).toEqual(['shots/data.csv', '! it is damaged in the archive']);
    expect(all[1]).toEqual(['shots/whole.csv', new TextDecoder().decode(content)]);
  });

  test('a picture of it is left out with the reason', async () => {
    const picture = png(4, 4, [9, 200, 9]);
    const { files } = await unpack([
      { name: 'cat/0.png', content: picture, spoil: (packed) => packed.fill(0, 40, 50) },
      { name: 'dog/0.png', content: png(4, 4, [9, 9, 9]) },
    ]);
    const { dataset, problems } = await readImageFolder(files, {
      labels: ['cat', 'dog'],
      side: 2,
      reduce: reducePng,
      digest: async (bytes) => String(crc32(bytes)),
    });
    expect([...dataset.labels]).toEqual([1]);
    expect(problems).toEqual([
      {
        file: 'shots/cat/0.png',
        kind: 'broken',
        reason: 'cannot be read: it is damaged in the archive',
      },
    ]);
  });
});

test.each<[string, Partial<RawEntry>, RegExp]>([
  ['with a password', { flags: 1 }, /protected by a password/],
  ['packed by Deflate64', { method: 9 }, /packed by Deflate64: make the archive with/],
  ['packed by something new', { method: 77 }, /packed by method 77/],
])('an entry %s says what to do', async (_, entry, reason) => {
  const [[, said] = []] = await readAll([{ name: 'a.txt', content, ...entry }]);
  expect(said).toMatch(reason);
});

test.each<[string, RawArchive]>([
  ['with sizes and places of 64 bits', { wide: true }],
  ['behind a program that unpacks it', { before: new Uint8Array(777).fill(0x4d) }],
  ['with a comment that looks like its end', { comment: strToU8('PK\x05\x06 is how it ends') }],
  ['of 64 bits behind a program', { wide: true, before: new Uint8Array(10) }],
])('an archive %s is read', async (_, archive) => {
  const text = new TextDecoder().decode(content);
  expect(
    await readAll(
      [
        { name: 'a.txt', content },
        { name: 'b.txt', content, method: 8 },
      ],
      archive,
    ),
  ).toEqual([
    ['shots/a.txt', text],
    ['shots/b.txt', text],
  ]);
});

test('one part of several says so', async () => {
  const { problems } = await unpack([{ name: 'a.txt', content }], { disk: 3 });
  expect(problems).toMatchObject([
    { kind: 'unsupported', reason: expect.stringMatching(/one part of several/) },
  ]);
});

describe('names', () => {
  const utf8 = (text: string) => new TextEncoder().encode(text);
  const unicodePath = (of: Uint8Array, name: string) => {
    const field = Uint8Array.from([1, 0, 0, 0, 0, ...utf8(name)]);
    new DataView(field.buffer).setUint32(1, crc32(of), true);
    return { 28789: field };
  };
  const dos = Uint8Array.of(0x63, 0x61, 0x66, 0x82, 0x2f, 0x31); // caf\x82/1

  test.each<[string, Omit<RawEntry, 'content'>, string]>([
    ['of Finder: UTF-8 without a flag, decomposed', { name: utf8('cafe\u0301/1') }, 'café/1'],
    ['with the flag of UTF-8', { name: utf8('naïve/1'), flags: 0x800 }, 'naïve/1'],
    ['of DOS and Windows: code page 437', { name: dos }, 'café/1'],
    ['with a field that has the true one', { name: dos, extra: unicodePath(dos, '猫/1') }, '猫/1'],
    ['with a field of an earlier name', { name: dos, extra: unicodePath(utf8('x'), '猫/1') }, 'café/1'],
    ['with the separators of Windows', { name: 'cat\\from phone\\1' }, 'cat/from phone/1'],
    ['ended by a zero', { name: utf8('cat/1\0junk') }, 'cat/1'],
    ['of Japan, by the flag', { name: utf8('犬/1'), flags: 0x800 }, '犬/1'],
  ])('%s', async (_, entry, path) => {
    const { files } = await unpack([{ ...entry, content }]);
    expect(files.map((file) => file.path)).toEqual([`shots/${path}`]);
  });

  test('folders of Finder are the labels of the run, composed or not', async () => {
    const entries = ['cafe\u0301', 'nai\u0308ve'].flatMap((label, k) =>
      Array.from({ length: 3 }, (_, i) => ({
        name: utf8(`${label}/${i}.png`),
        content: png(2, 2, [i, k, 0]),
      })),
    );
    const { files } = await unpack(entries);
    const { dataset, unknown } = await readImageFolder(files, {
      labels: ['café', 'naïve'],
      side: 2,
      reduce: reducePng,
      digest: async (bytes) => String(crc32(bytes)),
    });
    expect(unknown).toEqual([]);
    expect([...dataset.labels]).toEqual([0, 0, 0, 1, 1, 1]);
  });
});

test('what unpacks to more than it claims is damaged', async () => {
  const packed = deflateSync(new Uint8Array(100_000));
  const [[, said] = []] = await readAll([{ name: 'a.bin', content: packed, method: 8, crc: 5 }]);
  expect(said).toMatch(/damaged/);
});
