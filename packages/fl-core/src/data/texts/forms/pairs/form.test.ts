import fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, test } from 'vitest';
import { broken, type ReadOptions, read, utf16 } from '../../testing.ts';

const labels = ['follows', 'contradicts'];

/** Both texts and the label of each row. */
function readPairs(content: string | Uint8Array, options: ReadOptions = {}) {
  const { samples, ...rest } = read('sequence-pair', content, { labels, ...options });
  const rows = samples.texts.map((text, i) => [text, samples.seconds[i], labels[samples.labels[i]!]]);
  return { rows, ...rest };
}

const good = [
  ['a dog runs', 'an animal moves', 'follows'],
  ['it rains, much', 'the sun shines', 'contradicts'],
];
const table = (names: string) =>
  `${names}\na dog runs,an animal moves,follows\n"it rains, much",the sun shines,contradicts\n`;

describe('tables that are read', () => {
  const names = [
    'sentence1,sentence2,label',
    'Sentence 1,Sentence_2,Label',
    'premise,hypothesis,gold_label',
    'question,answer,label',
    'text_a,text_b,label',
    'text1,text2,class',
    'query,passage,relation',
    'question1,question2,is_duplicate',
    'premise,hypothesis,verdict',
    'this,that,label',
  ];
  const accepted: readonly (readonly [string, string | Uint8Array, ReadOptions?])[] = [
    ...names.map((header) => [`columns ${header}`, table(header)] as const),
    ['no header', table('').trimStart()],
    [
      'the label first, unnamed',
      'follows,a dog runs,an animal moves\ncontradicts,"it rains, much",the sun shines\n',
    ],
    [
      'the label between, named',
      'premise,label,hypothesis\na dog runs,follows,an animal moves\n"it rains, much",contradicts,the sun shines\n',
    ],
    [
      'names beside other columns',
      'id,premise,source,hypothesis,label\n1,a dog runs,x,an animal moves,follows\n2,"it rains, much",y,the sun shines,contradicts\n',
    ],
    [
      'the label by what is in it',
      'id,premise,hypothesis,verdict\n1,a dog runs,an animal moves,follows\n2,"it rains, much",the sun shines,contradicts\n',
    ],
    ['semicolons', 'a dog runs;an animal moves;follows\nit rains, much;the sun shines;contradicts\n'],
    [
      'UTF-16',
      utf16(
        'premise\thypothesis\tlabel\r\na dog runs\tan animal moves\tfollows\r\nit rains, much\tthe sun shines\tcontradicts\r\n',
      ),
    ],
    [
      'JSON lines',
      '{"premise":"a dog runs","hypothesis":"an animal moves","label":"follows"}\n{"label":"contradicts","hypothesis":"the sun shines","premise":"it rains, much"}',
    ],
    [
      'JSON lines with fields of unusual names',
      '{"a":"a dog runs","b":"an animal moves","c":"follows"}\n{"a":"it rains, much","b":"the sun shines","c":"contradicts"}',
    ],
  ];

  for (const [name, content, options] of accepted) {
    test(name, () => {
      const { rows, problems, unknown } = readPairs(content, options);
      expect(rows).toEqual(good);
      expect([problems, unknown]).toEqual([[], []]);
    });
  }

  test('the columns that were taken are named', () => {
    expect(readPairs(table('premise,hypothesis,label')).columns).toEqual([
      'column "premise"',
      'column "hypothesis"',
      'column "label"',
    ]);
    expect(readPairs(table('').trimStart()).columns).toEqual(['column 1', 'column 2', 'column 3']);
  });

  test('whatever pairs are written come back', () => {
    const text = fc
      .string({ minLength: 1, unit: 'grapheme' })
      .filter((s) => s.trim() !== '' && !s.includes('\0'));
    const row = fc.tuple(text, text, fc.constantFrom(...labels));
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), (rows) => {
        const csv = Papa.unparse({ fields: ['premise', 'hypothesis', 'label'], data: rows });
        expect(readPairs(csv).rows).toEqual(rows.map((cells) => cells.map((cell) => cell.trim())));
      }),
    );
  });
});

describe('rows that are left out', () => {
  const header = 'premise,hypothesis,label\n';

  test.each([
    ['no first text', `${header},b,follows\nc,d,follows\n`, ['2: empty'], 'has no text in column "premise"'],
    [
      'no second text',
      `${header}a,,follows\nc,d,follows\n`,
      ['2: empty'],
      'has no text in column "hypothesis"',
    ],
    ['no label', `${header}a,b,\nc,d,follows\n`, ['2: empty'], 'has no label'],
    ['a missing column', `${header}a,b\nc,d,follows\n`, ['2: malformed'], 'has 2 of the columns'],
    [
      'quotes that never end',
      `${header}c,d,follows\n"a,b,follows\n`,
      ['3: malformed'],
      'its quotation marks do not match: write each one inside a text twice, and one at either end of the text',
    ],
    [
      'a long second text',
      `${header}a,${'b'.repeat(30)},follows\nc,d,follows\n`,
      ['2: too-large'],
      'the text has more than 20 characters',
    ],
  ])('%s', (_, content, expected, reason) => {
    const { rows, problems, reasons } = readPairs(content, { limits: { characters: 20 } });
    expect([problems, reasons]).toEqual([expected, [reason]]);
    expect(rows).toEqual([['c', 'd', 'follows']]);
  });

  test('labels that nobody knows are counted and can be mapped', () => {
    const content = `${header}a,b,entailment\nc,d,follows\ne,f,neutral\n`;
    expect(readPairs(content).unknown).toEqual(['entailment: 1', 'neutral: 1']);
    const mapping = new Map([
      ['entailment', 'follows'],
      ['neutral', null],
    ]);
    expect(readPairs(content, { mapping }).rows).toEqual([
      ['a', 'b', 'follows'],
      ['c', 'd', 'follows'],
    ]);
  });

  test('rows beyond the limit', () => {
    expect(readPairs(table('premise,hypothesis,label'), { limits: { rows: 1 } }).problems).toEqual([
      'too-many',
    ]);
  });
});

describe('files that are left out as a whole', () => {
  test.each([
    ...broken,
    ['one column', 'text\na\n', 'malformed', /one column only: two texts/],
    ['two columns', 'text,label\na,follows\n', 'malformed', /two columns only: two texts/],
    ['four columns without names', 'a,b,c,follows\nd,e,f,follows\n', 'malformed', /sentence1 and sentence2/],
    [
      'texts by name and no label',
      'id,premise,hypothesis,note\n1,a,b,x\n',
      'unknown-label',
      /no column with this run's labels .* none that is named "label"/,
    ],
    ['other labels', 'a,b,x\nc,d,y\n', 'unknown-label', /column 3 has none of this run's labels/],
    ['only names of columns', 'premise,hypothesis,label\n', 'empty', /no rows/],
  ] as const)('%s', (_, content, kind, reason) => {
    const { rows, columns, problems, reasons } = readPairs(content);
    expect([rows, columns, problems]).toEqual([[], null, [kind]]);
    expect(reasons[0]).toMatch(reason);
  });
});
