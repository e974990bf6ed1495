import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { readImageFolder } from '../pictures/image-folder.ts';
import { png, reducePng, source } from '../testing.ts';
import { type ArchiveLimits, unpackArchives } from './unpack.ts';

const unpack = (bytes: Uint8Array, limits: Partial<ArchiveLimits> = {}) =>
  unpackArchives([source('pets.zip', bytes)], limits);

async function contents(bytes: Uint8Array): Promise<[string, string][]> {
  const { files, problems } = await unpack(bytes);
  expect(problems).toEqual([]);
  const out: [string, string][] = [];
  for (const file of files) out.push([file.path, new TextDecoder().decode(await file.read())]);
  return out;
}

/** Where the bytes of `signature` begin, from the end. */
const lastOf = (bytes: Uint8Array, signature: number) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = bytes.length - 4; i >= 0; i--) if (view.getUint32(i, true) === signature) return i;
  throw new Error('no such record');
};

/** The archive with one field of its last central directory entry changed. */
function patched(bytes: Uint8Array, offset: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  new DataView(copy.buffer).setUint32(lastOf(copy, 0x02014b50) + offset, value, true);
  return copy;
}

/** The archive with another number of files in the record at its end. */
function moreEntries(bytes: Uint8Array, count: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  new DataView(copy.buffer).setUint16(lastOf(copy, 0x06054b50) + 8, count, true);
  return copy;
}

describe('archives that are read', () => {
  test('pictures by label, in folders of folders, with what systems add', async () => {
    const [red, blue] = [png(4, 4, [255, 0, 0]), png(4, 4, [0, 0, 255])];
    const bytes = zipSync({
      'animals/cat/1.png': red,
      'animals/dog/': new Uint8Array(),
      'animals/dog/2.png': [blue, { level: 0 }],
      'animals/cat/.DS_Store': strToU8('x'),
      '__MACOSX/animals/cat/._1.png': strToU8('x'),
    });
    const { files } = await unpack(bytes);
    const { dataset, problems, unknown } = await readImageFolder(files, {
      labels: ['cat', 'dog'],
      side: 1,
      digest: async (file) => createHash('sha256').update(file).digest('hex'),
      reduce: reducePng,
    });
    expect([problems, unknown]).toEqual([[], []]);
    expect([...dataset.labels]).toEqual([0, 1]);
    expect([...dataset.pixels]).toEqual([255, 0, 0, 0, 0, 255]);
  });

  test('an archive is a folder of its name; other files stay as they are, in their order', async () => {
    const { files } = await unpackArchives([
      source('a.png', strToU8('a')),
      source('pets/cat.ZIP', zipSync({ 'b.png': strToU8('b') })),
      source('c.png', strToU8('c')),
    ]);
    expect(files.map(({ path }) => path)).toEqual(['a.png', 'pets/cat/b.png', 'c.png']);
  });

  test('paths that point elsewhere are names only', async () => {
    const bytes = zipSync({
      '../../etc/passwd': strToU8('1'),
      '/root/x': strToU8('2'),
      'C:\\cat\\y': strToU8('3'),
      './a//b': strToU8('4'),
    });
    expect(await contents(bytes)).toEqual([
      ['pets/etc/passwd', '1'],
      ['pets/root/x', '2'],
      ['pets/C:/cat/y', '3'],
      ['pets/a/b', '4'],
    ]);
  });

  test('any names and contents come back, in any order of reading', async () => {
    const name = fc.string({
      unit: fc.constantFrom('a', 'é', '猫', ' ', '.x', '_'),
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(name, fc.uint8Array({ maxLength: 300 }), { maxKeys: 12 }),
        fc.boolean(),
        async (entries, backwards) => {
          const kept = Object.entries(entries).filter(([key]) => !['.', '..'].includes(key));
          const { files } = await unpack(zipSync(Object.fromEntries(kept)));
          const pairs = files.map((file, i) => ({ file, expected: kept[i]! }));
          for (const { file, expected } of backwards ? pairs.reverse() : pairs) {
            expect(file.path).toBe(`pets/${expected[0]}`);
            expect(file.size).toBe(expected[1].length);
            expect([...(await file.read())]).toEqual([...expected[1]]);
            expect([...(await file.read())]).toEqual([...expected[1]]);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  test('two entries of one name are both there', async () => {
    const bytes = zipSync({
      'a.txt': [strToU8('first'), { level: 0 }],
      'b.txt': [strToU8('other'), { level: 0 }],
    });
    // The name of the second entry, in both of its records.
    const twice = Uint8Array.from(bytes);
    for (let i = 0; i < twice.length; i++) if (twice[i] === 0x62 && twice[i + 1] === 0x2e) twice[i] = 0x61;
    expect(await contents(twice)).toEqual([
      ['pets/a.txt', 'first'],
      ['pets/a.txt', 'other'],
    ]);
  });

  test('an archive of nothing', async () => {
    expect(await contents(zipSync({}))).toEqual([]);
  });
});

describe('archives that are left out, each with one reason', () => {
  const whole = zipSync({ 'cat/1.txt': strToU8('one'.repeat(100)), 'dog/2.txt': strToU8('two'.repeat(100)) });

  test.each<[string, Uint8Array, Partial<ArchiveLimits>, string, RegExp]>([
    ['an empty file', new Uint8Array(), {}, 'empty', /is empty/],
    ['not an archive', strToU8('hello'), {}, 'broken', /damaged or was not copied whole/],
    ['a cut-off archive', whole.subarray(0, -30), {}, 'broken', /damaged or was not copied whole/],
    [
      'one that claims more files than it has',
      moreEntries(whole, 30_000),
      {},
      'broken',
      /damaged or was not/,
    ],
    ['a large one', whole, { archiveBytes: 10 }, 'too-large', /use several archives/],
    ['one with many files', whole, { entries: 1 }, 'too-many', /more than 1 files/],
    [
      'a bomb',
      zipSync({ 'zeros.bin': new Uint8Array(4_000_000) }),
      { unpackedBytes: 1_000_000 },
      'too-large',
      /when unpacked/,
    ],
    [
      'one that claims gigabytes',
      patched(whole, 24, 0xf0000000),
      {},
      'too-large',
      /more than 2048 MiB when unpacked/,
    ],
  ])('%s', async (_, bytes, limits, kind, reason) => {
    const good = source('good.txt', strToU8('good'));
    const { files, problems } = await unpackArchives([source('pets.zip', bytes), good], limits);
    expect(files).toEqual([good]);
    expect(problems).toEqual([{ file: 'pets.zip', kind, reason: expect.stringMatching(reason) }]);
  });

  test.each(['pets.rar', 'pets.7z', 'pets.tar.gz'])('%s, which is none of ZIP', async (name) => {
    const { files, problems } = await unpackArchives([source(name, whole)]);
    expect(files).toEqual([]);
    expect(problems).toEqual([
      { file: name, kind: 'unsupported', reason: 'is no ZIP archive: make one of it' },
    ]);
  });

  test('an archive in an archive, while the rest is used', async () => {
    const { files, problems } = await unpack(zipSync({ 'inner.zip': whole, 'cat/1.txt': strToU8('x') }));
    expect(files.map(({ path }) => path)).toEqual(['pets/cat/1.txt']);
    expect(problems).toMatchObject([{ file: 'pets/inner.zip', kind: 'unsupported' }]);
  });

  test('any damage is a problem or a file that cannot be read, never another content', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, value) => {
        const bytes = Uint8Array.from(whole);
        bytes[at] = value;
        const { files } = await unpack(bytes);
        for (const file of files) {
          const read = await file.read().then(
            (content) => new TextDecoder().decode(content),
            (error: Error) => error,
          );
          if (typeof read === 'string') expect(['one'.repeat(100), 'two'.repeat(100)]).toContain(read);
          else expect(read.message).toMatch(/damaged in the archive|password|packed by/);
        }
      }),
      { numRuns: 500 },
    );
  });
});

test('a damaged entry leaves its neighbours readable', async () => {
  const text = 'some text that deflate makes shorter, shorter, shorter';
  const bytes = zipSync({ 'a.txt': strToU8(text), 'b.txt': strToU8(text), 'c.txt': strToU8(text) });
  const broken = Uint8Array.from(bytes);
  broken.fill(0xff, lastOf(bytes, 0x04034b50) + 30 + 'c.txt'.length, lastOf(bytes, 0x02014b50) - 120);
  const { files } = await unpack(broken);
  expect(new TextDecoder().decode(await files[0]!.read())).toBe(text);
  await expect(files[2]!.read()).rejects.toThrow(/damaged in the archive/);
  expect(new TextDecoder().decode(await files[1]!.read())).toBe(text);
});
