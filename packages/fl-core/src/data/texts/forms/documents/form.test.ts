import { describe, expect, test } from 'vitest';
import { broken, type ReadOptions, read, utf16 } from '../../testing.ts';

const readDocuments = (content: string | Uint8Array, options: ReadOptions = {}) =>
  read('next-token', content, { labels: [], ...options });

const good = ['Once upon a time, there was a king.', 'The end of it all.'];
const rows = `"${good[0]}"\n${good[1]}\n`;

describe('tables that are read', () => {
  const accepted: readonly (readonly [string, string | Uint8Array, ReadOptions?])[] = [
    ['a column of texts', `text\n${rows}`],
    ['one column without a name', rows],
    ['labels beside, which do not matter', `text,label\n"${good[0]}",a\n${good[1]},\n`],
    ['an unusual name beside labels', `label,story\na,"${good[0]}"\nb,${good[1]}\n`],
    ['usual names among others', `id,content,by\n1,"${good[0]}",me\n2,${good[1]},you\n`],
    ['no header, texts clearly longer', `1,"${good[0]}",me\n2,${good[1]},you\n`],
    ['tabs', `id\ttext\n1\t${good[0]}\n2\t${good[1]}\n`, { file: 'a.tsv' }],
    ['UTF-16', utf16(`id\ttext\r\n1\t${good[0]}\r\n2\t${good[1]}\r\n`, false)],
    ['JSON lines', good.map((text) => JSON.stringify({ id: 1, text })).join('\n')],
    ['JSON lines with one field', good.map((story) => JSON.stringify({ story })).join('\n')],
    ['JSON lines with a longest field', good.map((story) => JSON.stringify({ by: 'me', story })).join('\n')],
  ];

  for (const [name, content, options] of accepted) {
    test(name, () => {
      const { samples, problems, unknown } = readDocuments(content, options);
      expect(samples.texts).toEqual(good);
      expect([problems, unknown]).toEqual([[], []]);
    });
  }

  test('each text has its place, and may be longer than one with a label', () => {
    const long = 'word '.repeat(10_000);
    const { samples } = readDocuments(`text\n\n${long}\n"a\nb"\nc\n`);
    expect(samples.texts.map(({ length }) => length)).toEqual([long.length - 1, 3, 1]);
    expect(samples.places).toEqual([3, 4, 6].map((line) => ({ file: 'notes.csv', line })));
  });
});

test('rows that are left out', () => {
  expect(readDocuments('id,text\n1,\n2,a b\n3\n4,"c d\n')).toMatchObject({
    samples: { texts: ['a b'] },
    problems: ['2: empty', '4: malformed', '5: malformed'],
  });
  expect(readDocuments('text\na\nb\nc\n', { limits: { rows: 2 } })).toMatchObject({
    samples: { texts: ['a', 'b'] },
    problems: ['too-many'],
  });
});

describe('files that are left out as a whole', () => {
  test.each([
    ...broken,
    ['columns that are all alike', 'abcd,efgh\nijkl,mnop\n', 'malformed', /name it "text" in the first row/],
    ['only names of columns', 'id,text\n', 'empty', /no rows/],
  ] as const)('%s', (_, content, kind, reason) => {
    const { samples, columns, problems, reasons } = readDocuments(content);
    expect([samples.texts, columns, problems]).toEqual([[], null, [kind]]);
    expect(reasons[0]).toMatch(reason);
  });
});
