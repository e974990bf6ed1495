import { zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { unpackArchives } from '../archive.ts';
import type { SourceFile } from '../source-file.ts';
import { source } from '../testing.ts';
import { readTexts } from './read-texts.ts';

const labels = ['animal', 'plant'];
const classified = { task: 'classification', labels } as const;
const utf8 = (text: string) => new TextEncoder().encode(text);
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

test('tables in an archive', async () => {
  const bytes = zipSync({
    'data/a.csv': utf8('text,label\na dog,animal\n'),
    'data/b.tsv': utf8('text\tlabel\nan oak\tplant\n'),
    '__MACOSX/data/._a.csv': utf8('\0\0'),
  });
  const { files } = await unpackArchives([source('notes.zip', bytes)]);
  expect((await readTexts(files, classified)).samples.texts).toEqual(['a dog', 'an oak']);
});
