import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { unpackArchives } from '../archive/unpack.ts';
import type { SourceFile } from '../source-file.ts';
import { source } from '../testing.ts';
import { readTexts } from './read-texts.ts';
import { utf8, utf16 } from './testing.ts';

const labels = ['animal', 'plant'];
const classified = { task: 'classification', labels } as const;

const table = (path: string, text: string) => source(path, utf8(text));

test('several files are one set; a text that came before is left out, named with where it was', async () => {
  const { samples, problems } = await readTexts(
    [
      table('a.csv', 'text,label\na dog,animal\nan oak,plant\n a dog ,animal\n'),
      table('b.jsonl', '{"text":"an oak","label":"animal"}\n{"text":"a cat","label":"animal"}'),
    ],
    classified,
  );
  expect(samples.texts).toEqual(['a dog', 'an oak', 'a cat']);
  expect([...samples.labels]).toEqual([0, 1, 0]);
  expect(problems).toEqual([
    { file: 'a.csv', line: 4, kind: 'duplicate', reason: 'is the same text as "a.csv", line 2' },
    {
      file: 'b.jsonl',
      line: 1,
      kind: 'duplicate',
      reason: 'is the same text as "a.csv", line 3, which has the label "plant"',
    },
  ]);
});

test('unknown labels of all files are counted together, and mapped', async () => {
  const files = [table('a.csv', 'text,label\nx,gas\ny,plant\n'), table('b.csv', 'text,label\nz,gas\n')];
  expect((await readTexts(files, classified)).unknown).toEqual([{ name: 'gas', count: 2 }]);
  const mapped = await readTexts(files, { ...classified, mapping: new Map([['gas', 'plant']]) });
  expect([...mapped.samples.labels]).toEqual([1, 1, 1]);
});

test('a file that cannot be used leaves the others alone; clutter is passed over', async () => {
  const gone: SourceFile = { path: 'gone.csv', size: 9, read: () => Promise.reject(new Error('not found')) };
  const big: SourceFile = { path: 'big.csv', size: 2 ** 40, read: () => Promise.reject(new Error('read!')) };
  const told: string[] = [];
  const { samples, problems } = await readTexts(
    [gone, big, table('.DS_Store', '\0'), table('good.csv', 'text,label\nan oak,plant\n')],
    { ...classified, onProgress: (done, all) => told.push(`${done}/${all}`) },
  );
  expect(samples.texts).toEqual(['an oak']);
  expect(problems).toEqual([
    { file: 'gone.csv', kind: 'broken', reason: 'cannot be read: Error: not found' },
    { file: 'big.csv', kind: 'too-large', reason: 'is larger than 64 MiB' },
  ]);
  expect(told).toEqual(['1/3', '2/3', '3/3']);
});

test('tables with the same columns are shown as one, and what a person says of them holds for all', async () => {
  const files = [
    table('a.csv', 'id,comment,mood\n1,a dog ran,animal\n2,an oak stood,plant\n'),
    table('b.csv', 'id,comment,mood\n3,a cow ran,animal\n4,an elm stood,plant\n'),
    table('c.csv', 'first,then,mood\na b c,d e f,animal\ng h i,j k l,plant\n'),
  ];
  const { samples, tables, problems } = await readTexts(files, classified);
  expect(samples.texts).toHaveLength(4);
  expect(
    tables.map(({ file, files, roles, unclear }) => [file, files, roles.join(), unclear === null]),
  ).toEqual([
    ['a.csv', 2, 'none,text,label', true],
    ['c.csv', 1, 'none,none,label', false],
  ]);
  expect(problems).toMatchObject([{ file: 'c.csv', kind: 'malformed', reason: tables[1]?.unclear }]);
  const columns = new Map([
    [tables[0]!.layout, { header: true, roles: ['text', 'none', 'label'] as const }],
    [tables[1]!.layout, { header: true, roles: ['none', 'text', 'label'] as const }],
  ]);
  const said = await readTexts(files, { ...classified, columns });
  expect(said.samples.texts).toEqual(['1', '2', '3', '4', 'd e f', 'j k l']);
  expect(said.problems).toEqual([]);
});

test('tables in an archive', async () => {
  const bytes = zipSync({
    'data/a.csv': utf8('text,label\na dog,animal\n'),
    'data/b.tsv': utf8('text\tlabel\nan oak\tplant\n'),
    '__MACOSX/data/._a.csv': utf8('\0\0'),
  });
  const { files } = await unpackArchives([source('notes.zip', bytes)]);
  expect((await readTexts(files, classified)).samples.texts).toEqual(['a dog', 'an oak']);
});

describe('tasks', () => {
  test('a pair is a copy when both texts are the same, in their order', async () => {
    const content =
      'premise,hypothesis,label\na,b,animal\na,c,animal\nb,a,animal\na,b,plant\n"a"",""b",x,animal\n';
    const { samples, problems } = await readTexts([table('a.csv', content)], {
      task: 'sequence-pair',
      labels,
    });
    expect(samples.texts.map((text, i) => [text, samples.seconds[i]])).toEqual([
      ['a', 'b'],
      ['a', 'c'],
      ['b', 'a'],
      ['a","b', 'x'],
    ]);
    expect(problems.map(({ line, reason }) => [line, reason])).toEqual([
      [5, 'is the same pair as "a.csv", line 2, which has the label "animal"'],
    ]);
  });

  test('several labels: a copy is told with the labels of the first', async () => {
    const content = 'text,labels\na,plant|animal\nb,\na,plant\nb,animal\nb,\n';
    const { samples, problems } = await readTexts([table('a.csv', content)], { task: 'multi-label', labels });
    expect([...samples.flags]).toEqual([1, 1, 0, 0]);
    expect(problems.map(({ reason }) => reason)).toEqual([
      'is the same text as "a.csv", line 2, which has the labels "animal", "plant"',
      'is the same text as "a.csv", line 3, which has none of the labels',
      'is the same text as "a.csv", line 3',
    ]);
  });

  test('a run of any task gives samples of its kind', async () => {
    const kinds = ['classification', 'multi-label', 'sequence-pair', 'next-token'] as const;
    const read = await Promise.all(kinds.map((task) => readTexts([], { task, labels })));
    expect(read.map(({ samples }) => samples.kind)).toEqual(['text', 'label-sets', 'pairs', 'documents']);
  });
});

test('archives and folders: each file by its own name, in the place of the archive', async () => {
  const bytes = zipSync({
    'pairs/a.csv': utf8('premise,hypothesis,label\na,b,animal\n'),
    'pairs/b.jsonl': utf8('{"premise":"c","hypothesis":"d","label":"plant"}'),
    'pairs/broken.csv': utf8('premise,hypothesis\na,b\n'),
    'pairs/picture.png': Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0),
  });
  const { files } = await unpackArchives([source('mine.zip', bytes), table('folder/c.tsv', 'e\tf\tplant\n')]);
  const { samples, problems } = await readTexts(files, { task: 'sequence-pair', labels });
  expect([samples.texts, samples.seconds]).toEqual([
    ['a', 'c', 'e'],
    ['b', 'd', 'f'],
  ]);
  expect(problems.map(({ file, kind }) => [file, kind])).toEqual([
    ['mine/pairs/broken.csv', 'malformed'],
    ['mine/pairs/picture.png', 'unsupported'],
  ]);
  const plain = await unpackArchives([
    source('books.zip', zipSync({ 'one.txt': utf8('a b'), 'two.md': utf8('c') })),
  ]);
  expect((await readTexts(plain.files, { task: 'next-token', labels: [] })).samples).toMatchObject({
    texts: ['a b', 'c'],
    places: [{ file: 'books/one.txt' }, { file: 'books/two.md' }],
  });
});

describe('texts without labels', () => {
  const documents = (files: readonly SourceFile[], limits = {}) =>
    readTexts(files, { task: 'next-token', labels: [], limits });

  test('a plain file is one text as it stands there; of a table each row is one', async () => {
    const story = '{"text": "no table"}\n\n  Once, upon;a time\t| \n';
    const { samples, problemCount } = await documents([
      table('a.txt', story),
      table('notes/b.md', `\ufeff# Title\r\nText\r\n`),
      source('c.text', utf16('wide')),
      table('d.csv', 'text,label\nrow one,x\nrow two,y\n'),
      table('e.jsonl', '{"text":"line one"}\n{"text":"line two"}'),
      table('no ending', 'also a text'),
    ]);
    expect(problemCount).toBe(0);
    expect(samples.texts).toEqual([
      story,
      '# Title\nText\n',
      'wide',
      'row one',
      'row two',
      'line one',
      'line two',
      'also a text',
    ]);
    expect(samples.places.slice(2, 5)).toEqual([
      { file: 'c.text' },
      { file: 'd.csv', line: 2 },
      { file: 'd.csv', line: 3 },
    ]);
  });

  test.each([
    [
      'copies',
      [table('a.txt', 'x y'), table('b.txt', 'x y')],
      'b.txt',
      'duplicate',
      'is the same text as "a.txt"',
    ],
    [
      'binary files',
      [source('a.txt', Uint8Array.of(1, 0, 2))],
      'a.txt',
      'unsupported',
      'is not a text file: bring a table as CSV UTF-8, or plain text',
    ],
    ['empty files', [table('a.txt', '')], 'a.txt', 'empty', 'is empty'],
    ['blank files', [table('a.md', ' \n\n')], 'a.md', 'empty', 'has only blank lines'],
    [
      'other encodings',
      [source('a.txt', Uint8Array.of(0x63, 0xe9, 0x61))],
      'a.txt',
      'broken',
      'is not UTF-8 text: save it as UTF-8 (in a spreadsheet "CSV UTF-8")',
    ],
    [
      'office documents',
      [source('a.docx', Uint8Array.of(0x50, 0x4b, 3, 4))],
      'a.docx',
      'unsupported',
      'is an office document or archive: export it as CSV or plain text, or call it .zip if it is one',
    ],
  ] as const)('%s are left out', async (_, files, file, kind, reason) => {
    const { samples, problems } = await documents(files);
    expect(problems).toEqual([{ file, kind, reason }]);
    expect(samples.texts).toHaveLength(files.length - 1);
  });

  test('files beyond the limits are not read', async () => {
    const unread = (path: string): SourceFile => ({
      path,
      size: 9,
      read: () => Promise.reject(new Error('read!')),
    });
    const first = table('a.txt', '123456789');
    expect((await documents([first, unread('b.txt')], { files: 1 })).problems).toEqual([
      { file: 'b.txt', kind: 'too-many', reason: 'more than 1 files were given' },
    ]);
    const { problems, samples } = await documents([first, unread('b.txt'), table('c.txt', '1')], {
      totalBytes: 10,
    });
    expect(problems.map(({ file, kind }) => [file, kind])).toEqual([['b.txt', 'too-large']]);
    expect(samples.texts).toEqual(['123456789', '1']);
  });
});
