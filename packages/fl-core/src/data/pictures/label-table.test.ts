import { expect, test } from 'vitest';
import { source } from '../testing.ts';
import { readLabelTables } from './label-table.ts';

const labels = ['cat', 'dog'];
const pictures = ['pets/images/1.jpg', 'pets/images/2.jpg', 'pets/images/owl 3.JPG'];

async function read(name: string, text: string, paths: readonly string[] = pictures) {
  const table = source(name, new TextEncoder().encode(text));
  const { used, labels: said, problems } = await readLabelTables([table], paths, labels);
  return { used: used.length === 1, said: Object.fromEntries(said), problems };
}

const right = { 'pets/images/1.jpg': 'cat', 'pets/images/2.jpg': 'dog' };

test.each([
  ['a header', 'pets/labels.csv', 'filename,label\n1.jpg,cat\n2.jpg,dog\n'],
  ['columns swapped', 'pets/labels.csv', 'label,image\ncat,1.jpg\ndog,2.jpg\n'],
  ['no header', 'pets/labels.csv', '1.jpg,cat\n2.jpg,dog\n'],
  ['no endings, as Kaggle has them', 'pets/train.csv', 'id,breed\n1,cat\n2,dog\n'],
  ['folders', 'pets/meta.csv', 'path;class\nimages/1.jpg;cat\n./images\\2.jpg;dog\n'],
  [
    'more columns',
    'pets/labels.csv',
    'id,width,file,kind,photographer\n7,9,1.jpg,cat,Ann\n8,9,2.jpg,dog,Bob\n',
  ],
  ['tabs', 'labels.tsv', 'file\tlabel\n1.jpg\tcat\n2.jpg\tdog\n'],
  ['a column a label', 'pets/truth.csv', 'image,cat,dog\n1,1.0,0.0\n2,0.0,1.0\n'],
  [
    'JSON lines of Hugging Face',
    'pets/images/metadata.jsonl',
    '{"file_name":"1.jpg","label":"cat"}\n{"file_name":"2.jpg","label":"dog"}\n',
  ],
])('a table with %s', async (_, name, text) => {
  expect(await read(name, text)).toEqual({ used: true, said: right, problems: [] });
});

test.each<[string, (text: string) => Uint8Array]>([
  ['UTF-8 with a mark', (text) => new TextEncoder().encode(`\ufeff${text}`)],
  ['UTF-16', (text) => new Uint8Array(Uint16Array.from(`\ufeff${text}`, (c) => c.charCodeAt(0)).buffer)],
  ['Windows', (text) => Uint8Array.from(text, (c) => c.charCodeAt(0))],
])('a table of a spreadsheet in %s', async (_, encode) => {
  const bytes = encode('Datei;label\r\n1.jpg;Käuzchen\r\n2.jpg;dog\r\n');
  const { labels: said } = await readLabelTables([source('labels.csv', bytes)], pictures, labels);
  expect(said.get('pets/images/1.jpg')).toBe('Käuzchen');
});

test('labels that are none of the run are given as they stand', async () => {
  const { said } = await read('labels.csv', 'file,label\n1.jpg,tabby\n2.jpg,dog\n');
  expect(said).toEqual({ 'pets/images/1.jpg': 'tabby', 'pets/images/2.jpg': 'dog' });
});

test('a picture that is not there is a problem with its line', async () => {
  const { problems } = await read('labels.csv', 'file,label\n1.jpg,cat\n9.jpg,dog\n');
  expect(problems).toEqual([
    {
      file: 'labels.csv',
      line: 3,
      kind: 'malformed',
      reason: 'names the picture "9.jpg", which is not among the files',
    },
  ]);
});

test('of two pictures of one name, the one nearest to the table', async () => {
  const paths = ['a/1.jpg', 'b/1.jpg'];
  expect((await read('b/labels.csv', 'file,label\n1.jpg,cat\n', paths)).said).toEqual({ 'b/1.jpg': 'cat' });
  expect((await read('labels.csv', 'file,label\n1.jpg,cat\n', paths)).used).toBe(false);
});

test('numbers as labels are no names of pictures', async () => {
  const paths = ['0.png', '1.png', '2.png', '3.png'];
  const { said } = await read('labels.csv', 'class,id\n1,0\n0,1\n1,2\n0,3\n', paths);
  expect(said).toEqual({ '0.png': '1', '1.png': '0', '2.png': '1', '3.png': '0' });
});

test.each([
  ['texts', 'notes.csv', 'text,label\nhello,cat\n'],
  ['an example of an answer', 'sample_submission.csv', 'id,label\n1,cat\n2,cat\n'],
  ['names and nothing that may be a label', 'sizes.csv', 'file,width,height\n1.jpg,9,8\n2.jpg,7,7\n'],
  ['broken JSON', 'metadata.jsonl', '{"file_name":'],
])('a table of %s is none', async (_, name, text) => {
  expect((await read(name, text)).used).toBe(false);
});
