import fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, test } from 'vitest';
import { broken, type ReadOptions, read, utf16 } from '../../testing.ts';

const labels = ['animal', 'plant', 'food'];

/** Texts with the names of their labels. */
function readSets(content: string | Uint8Array, options: ReadOptions = {}) {
  const run = options.labels ?? labels;
  const { samples, ...rest } = read('multi-label', content, { labels: run, ...options });
  const names = (row: number) => run.filter((_, label) => samples.flags[row * run.length + label] === 1);
  expect(samples.flags).toHaveLength(samples.texts.length * run.length);
  return { rows: samples.texts.map((text, i) => [text, names(i).join('+')]), ...rest };
}

const good = [
  ['a hen', 'animal+food'],
  ['an oak, tall', 'plant'],
  ['a stone', ''],
];

describe('tables that are read', () => {
  const accepted: readonly (readonly [string, string | Uint8Array, ReadOptions?])[] = [
    ['bars', 'text,labels\na hen,animal|food\n"an oak, tall",plant\na stone,\n'],
    ['semicolons with blanks', 'text,labels\na hen,food; animal\n"an oak, tall",plant\na stone,\n'],
    ['commas in quotes', 'text,labels\na hen,"animal, food"\n"an oak, tall",plant\na stone,""\n'],
    [
      'JSON lists in cells',
      'text,labels\na hen,"[""animal"",""food""]"\n"an oak, tall","[""plant""]"\na stone,[]\n',
    ],
    ['a usual name for single labels', 'Category,Text\nanimal|food,a hen\nplant,"an oak, tall"\n,a stone\n'],
    ['tags beside other columns', 'id,text,tags\n1,a hen,animal|food\n2,"an oak, tall",plant\n3,a stone,\n'],
    ['no header', 'a hen,animal|food\n"an oak, tall",plant\na stone,\n'],
    ['no header, labels first', 'animal|food,a hen\nplant,"an oak, tall"\n,a stone\n'],
    ['semicolons between the columns too', 'text;labels\na hen;animal|food\nan oak, tall;plant\na stone;\n'],
    ['bars between the columns too', 'text|labels\na hen|animal;food\nan oak, tall|plant\na stone|\n'],
    ['tabs', 'text\tlabels\na hen\tanimal,food\nan oak, tall\tplant\na stone\t\n', { file: 'a.tsv' }],
    ['UTF-16', utf16('text\tlabels\r\na hen\tanimal|food\r\nan oak, tall\tplant\r\na stone\t\r\n')],
    ['a byte order mark', '\ufefftext,labels\na hen,animal|food\n"an oak, tall",plant\na stone,\n'],
    ['a label twice', 'text,labels\na hen,food|animal|food\n"an oak, tall",plant|\na stone,|\n'],
    ['flags', 'text,animal,plant,food\na hen,1,0,1\n"an oak, tall",0,1,0\na stone,0,0,0\n'],
    [
      'flags in words, in any order, beside other columns',
      'id,Food,Plant,Animal,text\n1,TRUE,false,True,a hen\n2,no,yes,no,"an oak, tall"\n3,0.0,0,0,a stone\n',
    ],
    [
      'lists of JSON lines',
      '{"text":"a hen","labels":["food","animal"]}\n{"text":"an oak, tall","labels":["plant"]}\n{"text":"a stone","labels":[]}',
    ],
    [
      'lists in a field of any name',
      '{"q":"a hen","are":["food","animal"]}\n{"q":"an oak, tall","are":["plant"]}\n{"q":"a stone","are":[]}',
    ],
    [
      'texts in JSON lines',
      '{"text":"a hen","labels":"food|animal"}\n{"text":"an oak, tall","labels":"plant"}\n{"text":"a stone","labels":""}',
    ],
    [
      'flags in JSON lines',
      '{"text":"a hen","food":1,"animal":true,"plant":0}\n{"text":"an oak, tall","food":0,"animal":0,"plant":1}\n{"text":"a stone","food":0,"animal":false,"plant":0}',
    ],
  ];

  for (const [name, content, options] of accepted) {
    test(name, () => {
      const { rows, problems, unknown } = readSets(content, options);
      expect(rows).toEqual(good);
      expect([problems, unknown]).toEqual([[], []]);
    });
  }

  test('a label with a separator in it is one label', () => {
    const run = ['rock; pop', 'jazz', 'a|b'];
    expect(readSets('text,labels\nx,rock; pop\ny,jazz\nz,a|b\n', { labels: run }).rows).toEqual([
      ['x', 'rock; pop'],
      ['y', 'jazz'],
      ['z', 'a|b'],
    ]);
  });

  test('the columns that were taken are named', () => {
    expect(readSets('text,labels\na,food\n').columns).toEqual(['column "text"', 'column "labels"']);
    expect(readSets('text,food,animal,plant\na,1,0,0\n').columns).toEqual([
      'column "text"',
      'column "food"',
      'column "animal"',
      'column "plant"',
    ]);
    expect(readSets('{"q":"a","are":["food"]}').columns).toEqual(['field "q"', 'field "are"']);
  });

  test('whatever texts and sets are written come back, as names and as flags', () => {
    const text = fc
      .string({ minLength: 1, unit: 'grapheme' })
      .filter((s) => /[a-z]/i.test(s) && !s.includes('\0'));
    const set = fc.subarray(labels);
    fc.assert(
      fc.property(fc.array(fc.tuple(text, set), { minLength: 1, maxLength: 20 }), (rows) => {
        const expected = rows.map(([t, names]) => [t.trim(), names.join('+')]);
        const cells = Papa.unparse({
          fields: ['text', 'labels'],
          data: rows.map(([t, s]) => [t, s.join('|')]),
        });
        expect(readSets(cells).rows).toEqual(expected);
        const flags = rows.map(([t, names]) => [
          t,
          ...labels.map((label) => (names.includes(label) ? 1 : 0)),
        ]);
        expect(readSets(Papa.unparse({ fields: ['text', ...labels], data: flags })).rows).toEqual(expected);
      }),
    );
  });
});

describe('rows that are left out', () => {
  test.each([
    [
      'a row without the column is not one without labels',
      'text,labels\na hen\na stone,\n',
      ['2: malformed'],
    ],
    ['nor is an object without the field', '{"text":"a","labels":["food"]}\n{"text":"b"}', ['2: malformed']],
    ['no text', 'text,labels\n,food\na hen,food\n', ['2: empty']],
    ['quotes that never end', 'text,labels\na hen,food\n"x,plant\n', ['3: malformed']],
    ['no flag', 'text,animal,plant,food\na,1,0,0\nb,1,maybe,0\n', ['3: malformed']],
    ['an empty flag', 'text,animal,plant,food\na,1,0,0\nb,1,,0\n', ['3: malformed']],
  ])('%s', (_, content, expected) => {
    const { rows, problems } = readSets(content);
    expect(problems).toEqual(expected);
    expect(rows).toHaveLength(1);
  });

  test('what they lack is named', () => {
    expect(readSets('{"text":"a","labels":["food"]}\n{"text":"b"}').reasons).toEqual([
      'has no field "labels": an empty list means no label',
    ]);
    expect(readSets('text,animal,plant,food\na,1,0,0\nb,1,maybe,0\n').reasons).toEqual([
      'column "plant" has "maybe" where 0 or 1 is needed',
    ]);
  });

  test('names that nobody knows are counted, each, and can be mapped; what is left out leaves the others', () => {
    const content = 'text,labels\na,food|spice\nb,food\nc,spice|mineral\n';
    expect(readSets(content)).toMatchObject({ rows: [['b', 'food']], unknown: ['spice: 2', 'mineral: 1'] });
    const mapping = new Map([
      ['spice', 'plant'],
      ['mineral', null],
    ]);
    expect(readSets(content, { mapping }).rows).toEqual([
      ['a', 'plant+food'],
      ['b', 'food'],
      ['c', 'plant'],
    ]);
  });

  test('commas part names where they part any that are known', () => {
    const { rows, unknown } = readSets('text,labels\na,"food,animal"\nb,"food,spice"\n');
    expect([rows, unknown]).toEqual([[['a', 'animal+food']], ['spice: 1']]);
  });

  test('rows and texts beyond the limits', () => {
    const content = 'text,labels\na,food\nlonger text,food\nb,food\n';
    expect(readSets(content, { limits: { rows: 1 } }).problems).toEqual(['too-many']);
    expect(readSets(content, { limits: { characters: 5 } }).problems).toEqual(['3: too-large']);
  });
});

describe('files that are left out as a whole', () => {
  test.each([
    ...broken,
    ['one column', 'text\na hen\n', 'malformed', /one column/],
    ['only names of columns', 'text,labels\n', 'empty', /no rows/],
    ['a label without a column', 'text,animal,plant\na,1,0\nb,0,1\n', 'malformed', /none for "food"$/],
    ['no column of labels', 'a hen,spice\nan oak,mineral\n', 'unknown-label', /has "spice", "mineral"/],
  ] as const)('%s', (_, content, kind, reason) => {
    const { rows, columns, problems, reasons } = readSets(content);
    expect([rows, columns, problems]).toEqual([[], null, [kind]]);
    expect(reasons[0]).toMatch(reason);
  });
});
