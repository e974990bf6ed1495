import fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, test } from 'vitest';
import { read } from '../testing.ts';

/** Words of texts: none of them is a label below. */
const words =
  'the bus came on time cold soup and a rude waiter lovely tea in small cafe by port garden gave us nine pumpkins parcel arrived empty phone died during call'.split(
    ' ',
  );

const hex = (n: number, digits: number) =>
  ((n * 2654435761) >>> 0).toString(16).padStart(digits, '0').slice(0, digits);

/** Columns that are neither texts nor labels, as real tables have them: what stands in row `i` of table `seed`. */
const kinds: Readonly<
  Record<string, { readonly name: string; readonly cell: (i: number, seed: number) => string }>
> = {
  number: { name: 'tweet_id', cell: (i, s) => `570306133677${760513 + 1009 * i + s}` },
  'row number': { name: '', cell: (i) => String(i) },
  uuid: {
    name: 'uuid',
    cell: (i, s) => `${hex(i + s, 8)}-${hex(i, 4)}-4${hex(s, 3)}-a${hex(i, 3)}-${hex(i * 7 + s, 12)}`,
  },
  hash: { name: 'sha1', cell: (i, s) => hex(i + s, 8).repeat(5) },
  code: { name: 'item id', cell: (i, s) => `B00${hex(i * 31 + s, 7).toUpperCase()}` },
  'date of a log': {
    name: 'created_at',
    cell: (i) => `2015-02-${10 + (i % 19)} 11:35:${10 + (i % 49)} -0800`,
  },
  'date of Twitter': { name: 'date', cell: (i) => `Mon Apr 0${1 + (i % 9)} 22:19:${10 + (i % 49)} PDT 2009` },
  'date in words': { name: 'reviewTime', cell: (i) => `February ${1 + (i % 28)}, 20${10 + (i % 15)}` },
  address: { name: 'url', cell: (i, s) => `https://example.org/posts/${s}/the-bus-came-on-time-${i}` },
  mail: { name: 'email', cell: (i) => `writer${i}@example.org` },
  account: { name: 'user', cell: (i) => `@${words[i % words.length]}_${i}` },
  'account without a sign': {
    name: 'username',
    cell: (i) => `${words[i % words.length]}${words[(i * 3 + 1) % words.length]}`,
  },
  person: {
    name: 'author',
    cell: (i) => `${['Ada', 'Mei', 'Ola'][i % 3]} ${['Roe', 'Poe', 'Loe', 'Moe'][i % 4]}`,
  },
  score: { name: 'confidence', cell: (i, s) => ((((i + s) * 37) % 1000) / 1000).toFixed(4) },
  count: { name: 'retweet_count', cell: (i, s) => String((i * 13 + s) % 7) },
  language: { name: 'lang', cell: (i) => ['en', 'de'][i % 2]! },
  path: { name: 'file', cell: (i) => `data/part-${i % 3}/${i}.txt` },
  place: { name: 'coordinates', cell: (i) => `${(i * 1.7).toFixed(5)} ${(8 + i / 3).toFixed(5)}` },
  nothing: { name: 'gold', cell: () => '' },
};

const labelSets: readonly (readonly string[])[] = [
  ['positive', 'negative'],
  ['+1', '-1'],
  ['-1', '0', '1'],
  ['0', '1'],
  ['card arrival', 'exchange rate', 'T-shirt'],
  ['A', 'A-', 'B+'],
];

/** How people write a label that is the run's. */
const spellings: readonly ((label: string) => string)[] = [
  (label) => label,
  (label) => label.toUpperCase(),
  (label) => ` ${label} `,
  (label) => label.replaceAll(' ', '_'),
  (label) => (/^[+-]?\d+$/.test(label) ? `${label}.0` : label),
  (label) => label.replace(/^\+/, ''),
];

const text = fc
  .array(fc.constantFrom(...words), { minLength: 4, maxLength: 14 })
  .map((list) => list.join(' '));

const table = fc.record({
  texts: fc.uniqueArray(text, { minLength: 6, maxLength: 30 }),
  labels: fc.constantFrom(...labelSets),
  spelling: fc.constantFrom(...spellings),
  others: fc.subarray(Object.keys(kinds), { minLength: 0, maxLength: 5 }),
  textName: fc.constantFrom<string>(
    'text',
    'Comment',
    'tweet_text',
    'TweetText',
    'review body',
    'Message',
    'note',
    'Kommentar',
  ),
  labelName: fc.constantFrom(
    'label',
    'Sentiment',
    'airline_sentiment',
    'class',
    'target',
    'Category',
    'label_text',
  ),
  order: fc.array(fc.nat(), { minLength: 7, maxLength: 7 }),
  seed: fc.nat({ max: 500 }),
});

type Table = typeof table extends fc.Arbitrary<infer T> ? T : never;
type Header = 'usual' | 'unusual' | 'none';

/** The columns in their order, each a name and its cells. */
function columnsOf(
  { texts, labels, spelling, others, textName, labelName, order, seed }: Table,
  header: Header,
) {
  const own = header === 'usual';
  const columns = [
    { name: own ? textName : 'was sagten sie', cells: texts },
    // Each label at least once.
    { name: own ? labelName : 'wie', cells: texts.map((_, i) => spelling(labels[i % labels.length]!)) },
    ...others.map((other, k) => ({
      name: own ? kinds[other]!.name : `f${k}`,
      cells: texts.map((_, i) => kinds[other]!.cell(i, seed)),
    })),
  ];
  return columns
    .map((column, i) => ({ column, place: order[i]! }))
    .sort((a, b) => a.place - b.place)
    .map(({ column }) => column);
}

function written(columns: ReturnType<typeof columnsOf>, header: Header, delimiter: string): string {
  const rows = columns[0]!.cells.map((_, i) => columns.map(({ cells }) => cells[i]!));
  return Papa.unparse(header === 'none' ? rows : [columns.map(({ name }) => name), ...rows], { delimiter });
}

const jsonLines = (columns: ReturnType<typeof columnsOf>): string =>
  columns[0]!.cells
    .map((_, i) => JSON.stringify(Object.fromEntries(columns.map(({ name, cells }) => [name, cells[i]]))))
    .join('\n');

/** Right to the sample, or nothing at all and the person is asked. @returns whether it was right. */
function rightOrAsked({ texts, labels }: Table, content: string, file: string): boolean {
  const { samples, shown, unknown, reasons } = read('classification', content, { labels: [...labels], file });
  if (samples.texts.length > 0 || unknown.length > 0) {
    expect(unknown).toEqual([]);
    expect(samples.texts).toEqual(texts);
    expect([...samples.labels]).toEqual(texts.map((_, i) => i % labels.length));
    return true;
  }
  expect(shown?.unclear).toBe(reasons[0]);
  return false;
}

describe('ids are never learned as texts, whatever the columns, their order, their names and the spelling of labels', () => {
  const numRuns = 150;

  test.each([',', ';', '\t', '|'])('usual names: right, with "%s" between', (delimiter) => {
    fc.assert(
      fc.property(table, (made) => {
        const content = written(columnsOf(made, 'usual'), 'usual', delimiter);
        expect(rightOrAsked(made, content, 'a.csv')).toBe(true);
      }),
      { numRuns },
    );
  });

  test('JSON lines with usual names: right', () => {
    fc.assert(
      fc.property(table, (made) => {
        expect(rightOrAsked(made, jsonLines(columnsOf(made, 'usual')), 'a.jsonl')).toBe(true);
      }),
      { numRuns },
    );
  });

  test.each(['unusual', 'none'] as const)('names of columns: %s; right, or asked', (header) => {
    let [right, all] = [0, 0];
    fc.assert(
      fc.property(table, (made) => {
        all += 1;
        if (rightOrAsked(made, written(columnsOf(made, header), header, ','), 'a.csv')) right += 1;
      }),
      { numRuns },
    );
    // Asked where another column has the run's labels, too; nearly always it is clear.
    expect(right / all).toBeGreaterThan(0.8);
  });

  test('pairs: both texts in their order, whatever stands between', () => {
    const twice = fc.record({
      made: table,
      names: fc.constantFrom(['premise', 'hypothesis'], ['question1', 'question2'], ['text_a', 'text_b']),
    });
    fc.assert(
      fc.property(twice, ({ made, names }) => {
        const seconds = made.texts.map((text) => `${text} again`);
        const own = columnsOf({ ...made, textName: names[0]! }, 'usual');
        const columns = [...own, { name: names[1]!, cells: seconds }];
        const { samples, unknown } = read('sequence-pair', written(columns, 'usual', ','), {
          labels: [...made.labels],
        });
        expect(unknown).toEqual([]);
        expect([samples.texts, samples.seconds]).toEqual([made.texts, seconds]);
        expect([...samples.labels]).toEqual(made.texts.map((_, i) => i % made.labels.length));
      }),
      { numRuns },
    );
  });

  test('without labels: only texts', () => {
    fc.assert(
      fc.property(table, fc.constantFrom<Header>('usual', 'none'), (made, header) => {
        const { samples, shown } = read('next-token', written(columnsOf(made, header), header, ','), {
          labels: [],
        });
        if (samples.texts.length > 0) expect(samples.texts).toEqual(made.texts);
        else expect(shown?.unclear).toMatch(/texts/);
      }),
      { numRuns },
    );
  });
});
