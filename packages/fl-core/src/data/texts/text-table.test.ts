import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, test } from 'vitest';
import { TaskName } from '../../tasks/index.ts';
import { testData } from '../../testing/data.ts';
import { keptNames, keptProblems } from '../problems.ts';
import { broken, takenTitles, utf8, utf16 } from './testing.ts';
import { readTextTable } from './text-table.ts';
import type { TextTableLimits } from './text-table-limits.ts';

const labels = ['animal', 'plant'];

function read(content: string | Uint8Array, file = 'notes.csv', limits: Partial<TextTableLimits> = {}) {
  const bytes = typeof content === 'string' ? utf8(content) : content;
  const table = readTextTable({ task: 'classification', file, bytes, labels, limits });
  return {
    rows: table.samples.texts.map((text, i) => [text, labels[table.samples.labels[i]!]]),
    unknown: table.unknown.map(({ name, count }) => `${name}: ${count}`),
    problems: table.problems.map(({ kind, line }) => (line === undefined ? kind : `${line}: ${kind}`)),
    table,
  };
}

const good = [
  ['a dog', 'animal'],
  ['an oak, tall', 'plant'],
];

/** The same two rows in every shape that people's programs write. */
const accepted: Record<string, string | Uint8Array> = {
  'with a header': 'text,label\na dog,animal\n"an oak, tall",plant\n',
  'without a header': 'a dog,animal\n"an oak, tall",plant\n',
  'without a last line end': 'text,label\na dog,animal\n"an oak, tall",plant',
  CRLF: 'text,label\r\na dog,animal\r\n"an oak, tall",plant\r\n',
  'lone CR': 'text,label\ra dog,animal\r"an oak, tall",plant\r',
  'UTF-8 with a byte order mark': '\ufefftext,label\na dog,animal\n"an oak, tall",plant\n',
  'UTF-16 as Excel writes it': utf16('text\tlabel\r\na dog\tanimal\r\nan oak, tall\tplant\r\n'),
  semicolons: 'text;label\na dog;animal\nan oak, tall;plant\n',
  bars: 'text|label\na dog|animal\nan oak, tall|plant\n',
  'the label first, named': 'Category,Message\nanimal,a dog\nplant,"an oak, tall"\n',
  'the label first, unnamed': 'animal,a dog\nplant,"an oak, tall"\n',
  'a header with other columns around': 'id,text,source,label\n1,a dog,x,animal\n2,"an oak, tall",y,plant\n',
  'only the label column named as usual': 'animal description,label\na dog,animal\n"an oak, tall",plant\n',
  'labels in other case and with blanks': 'text,label\na dog, ANIMAL\n"an oak, tall",Plant \n',
  'blank lines and lines of separators': '\ntext,label\n\na dog,animal\n,\n"an oak, tall",plant\n\n\n',
  'blanks around the text': 'text,label\n  a dog  ,animal\n"an oak, tall  ",plant\n',
};

describe('tables that are read', () => {
  test.each(Object.entries(accepted))('%s', (_, content) => {
    const { rows, problems } = read(content);
    expect(rows).toEqual(good);
    expect(problems).toEqual([]);
  });

  test('tabs, by the file name or by themselves', () => {
    const content = 'text\tlabel\na dog\tanimal\nan oak, tall\tplant\n';
    expect(read(content, 'notes.tsv').rows).toEqual(good);
    expect(read(content, 'notes.txt').rows).toEqual(good);
  });

  test('tabs without quoting: a lone quotation mark does not swallow what follows', () => {
    const { rows, problems } = read('animal\t"a dog\nplant\tan oak\nanimal\ta 6" cat\n', 'notes.tsv');
    expect(rows.map(([text]) => text)).toEqual(['"a dog', 'an oak', 'a 6" cat']);
    expect(problems).toEqual([]);
  });

  test('quotes inside quotes and line ends inside quotes', () => {
    const { rows } = read('text,label\n"said ""woof""\nand left",animal\n');
    expect(rows).toEqual([['said "woof"\nand left', 'animal']]);
  });

  test('the columns that were taken are named', () => {
    expect(takenTitles(read('Intent,Query\nanimal,a dog\n').table.shown)).toEqual([
      'column "Query"',
      'column "Intent"',
    ]);
    expect(takenTitles(read('animal,a dog\n').table.shown)).toEqual(['column 2', 'column 1']);
  });

  test('whatever texts and labels are written as CSV come back', () => {
    const text = fc
      .string({ minLength: 1, unit: 'grapheme' })
      .filter((s) => s.trim() !== '' && !s.includes('\0'));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(text, fc.constantFrom(...labels)), { minLength: 1, maxLength: 20 }),
        fc.constantFrom('\n', '\r\n'),
        (rows, newline) => {
          const csv = Papa.unparse({ fields: ['text', 'label'], data: rows }, { newline });
          const { rows: found, problems } = read(csv);
          expect(problems).toEqual([]);
          expect(found).toEqual(rows.map(([t, label]) => [t.trim(), label]));
        },
      ),
    );
  });
});

describe('rows that are left out, by line, while the rest goes on', () => {
  test.each([
    ['no text', 'text,label\n,animal\nan oak,plant\n', ['2: empty'], 1],
    ['no label', 'text,label\na dog,\nan oak,plant\n', ['2: empty'], 1],
    ['a missing column', 'text,label\na dog\nan oak,plant\n', ['2: malformed'], 1],
    ['quotes that never end', 'text,label\nan oak,plant\n"a dog,animal\n', ['3: malformed'], 1],
    ['a line count across quoted line ends', 'text,label\n"a\r\nb\r\nc",plant\r\nx,\n', ['5: empty'], 1],
    ['a line count across blank lines', 'text,label\n\n\na,plant\n\nx,\n', ['6: empty'], 1],
  ])('%s', (_, content, expected, kept) => {
    const { rows, problems } = read(content);
    expect(problems).toEqual(expected);
    expect(rows).toHaveLength(kept);
  });

  test('a text that is too long', () => {
    const { rows, problems } = read(`text,label\n${'x'.repeat(11)},animal\nan oak,plant\n`, 'a.csv', {
      characters: 10,
    });
    expect(problems).toEqual(['2: too-large']);
    expect(rows).toEqual([['an oak', 'plant']]);
  });

  test('rows beyond the limit', () => {
    const { rows, problems } = read('text,label\na,animal\nb,plant\nc,plant\n', 'a.csv', { rows: 2 });
    expect(rows.map(([text]) => text)).toEqual(['a', 'b']);
    expect(problems).toEqual(['too-many']);
  });

  test('the list of problems is bounded, their number is not', () => {
    const { table } = read(`text,label\na,animal\n${'x,\n'.repeat(keptProblems + 50)}`);
    expect(table.problems).toHaveLength(keptProblems);
    expect(table.problemCount).toBe(keptProblems + 50);
  });
});

describe("labels that are none of the run's", () => {
  const content = 'text,label\na dog,animal\na stone,mineral\nair,gas\na pebble,mineral\n';

  test('are counted by name', () => {
    expect(read(content)).toMatchObject({
      rows: [['a dog', 'animal']],
      unknown: ['mineral: 2', 'gas: 1'],
      problems: [],
    });
  });

  test('mean what the person says', () => {
    const mapping = new Map([
      ['mineral', 'plant'],
      ['gas', null],
    ]);
    const table = readTextTable({
      task: 'classification',
      file: 'a.csv',
      bytes: utf8(content),
      labels,
      mapping,
    });
    expect([...table.samples.labels]).toEqual([0, 1, 1]);
    expect([...table.lines]).toEqual([2, 3, 5]);
    expect([table.unknown, table.problems]).toEqual([[], []]);
  });

  test('a column that has no other ones is taken when it is named, or when its values come back', () => {
    expect(read('text;label\na, b;mineral\nc;gas\n').unknown).toEqual(['mineral: 1', 'gas: 1']);
    const unnamed = Array.from({ length: 6 }, (_, i) => `text ${i},${i % 2 === 0 ? 'mineral' : 'gas'}\n`);
    expect(read(unnamed.join('')).unknown).toEqual(['mineral: 3', 'gas: 3']);
  });

  test('more names than anybody would map are problems of their own', () => {
    const rows = Array.from({ length: keptNames + 3 }, (_, i) => `x,name ${i}\n`).join('');
    const { unknown, problems } = read(`text,label\na,animal\n${rows}`);
    expect(unknown).toHaveLength(keptNames);
    expect(problems).toHaveLength(3);
    expect(problems[0]).toBe(`${keptNames + 3}: unknown-label`);
  });
});

describe('files that are left out as a whole, with the reason', () => {
  test.each([
    ...broken,
    ['one column', 'text\na dog\nan oak\n', 'malformed', /one column/],
    ['no column of labels', 'a dog,mineral\nan oak,gas\n', 'unknown-label', /it has "mineral", "gas"/],
    ['JSON lines with one field', '{"text":"a dog"}', 'malformed', /one column/],
  ] as const)('%s', (_, content, kind, reason) => {
    const { rows, table } = read(content);
    expect(rows).toEqual([]);
    expect(takenTitles(table.shown)).toBeNull();
    expect(table.problems).toEqual([{ file: 'notes.csv', kind, reason: expect.stringMatching(reason) }]);
  });

  test('a file over the limit', () => {
    expect(read('text,label\na dog,animal\n', 'big.csv', { bytes: 10 }).problems).toEqual(['too-large']);
  });

  // Both were found by the property below.
  test('names of columns, once more, and nothing else', () => {
    const { problems } = readTextTable({
      task: 'next-token',
      file: 'a.csv',
      bytes: utf8('text\ntext'),
      labels,
    });
    expect(problems.map(({ kind }) => kind)).toEqual(['empty']);
  });

  test('a first row that is shorter than the others', () => {
    const { problems } = read('|\ntext\ntext\n,animal', 'a.csv');
    expect(problems).not.toEqual([]);
  });

  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ unit: fc.constantFrom(...'ab ,;|\t"\n\r[]{}:01'), maxLength: 300 }).map(utf8),
    fc
      .string({ unit: fc.constantFrom('text', 'labels', 'animal', 'premise', ',', '"', '|', '1', '\n') })
      .map(utf8),
  );

  test.each(TaskName.options)('no bytes at all make it throw or say nothing: %s', (task) => {
    fc.assert(
      fc.property(anything, fc.constantFrom('a.csv', 'a.tsv', 'a.jsonl'), (bytes, file) => {
        const { samples, problemCount, unknown } = readTextTable({ task, file, bytes, labels });
        expect(samples.texts.length + problemCount + unknown.length).toBeGreaterThan(0);
        expect(samples.texts.every((text) => text.trim() !== '')).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('real files', () => {
  const banking = testData('banking77');
  const sms = testData('sms-spam');

  test.skipIf(banking.lacking)(`banking77: all 10,003 rows, 77 labels${banking.lacking}`, () => {
    const names: unknown = JSON.parse(readFileSync(banking.path('categories.json'), 'utf8'));
    if (!Array.isArray(names)) throw new Error('the categories are a list');
    const table = readTextTable({
      task: 'classification',
      file: 'train.csv',
      bytes: readFileSync(banking.path('train.csv')),
      labels: names.map(String),
    });
    expect(table.problems).toEqual([]);
    expect(table.samples.texts).toHaveLength(10_003);
    expect(new Set(table.samples.labels).size).toBe(77);
    expect(takenTitles(table.shown)).toEqual(['column "text"', 'column "category"']);
  });

  test.skipIf(sms.lacking)(
    `sms-spam: all 5,574 messages, 747 of them spam, though quotes are unbalanced${sms.lacking}`,
    () => {
      const table = readTextTable({
        task: 'classification',
        file: 'sms.tsv',
        bytes: readFileSync(sms.path('sms.tsv')),
        labels: ['ham', 'spam'],
      });
      expect(table.problems).toEqual([]);
      expect(table.samples.texts).toHaveLength(5574);
      expect(table.samples.labels.filter((label) => label === 1)).toHaveLength(747);
    },
  );
});
