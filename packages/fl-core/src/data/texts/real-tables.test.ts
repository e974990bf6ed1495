import { describe, expect, test } from 'vitest';
import { type ReadOptions, read, utf8, utf16 } from './testing.ts';
import { readTextTable } from './text-table.ts';

/**
 * Tables as people really have them, found wrong once or near such ones: right to the sample, or refused with the line
 * and the way out.
 */
const twelve = [
  'the bus came on time and the driver smiled',
  'the lift is broken for the third week',
  'lovely tea in the small cafe by the port',
  'cold soup and a rude waiter',
  'our garden gave us nine pumpkins',
  'the parcel arrived empty',
];
const labels = ['good', 'bad'];
const label = (i: number) => labels[i % 2]!;
const rows = (row: (text: string, i: number) => string) => twelve.map(row).join('\n');
const right = twelve.map((text, i) => [text, label(i)]);

function classify(content: string | Uint8Array, options: ReadOptions = {}) {
  const run = options.labels ?? labels;
  const { samples, ...rest } = read('classification', content, { labels: run, ...options });
  return { rows: samples.texts.map((text, i) => [text, run[samples.labels[i]!]]), ...rest };
}

function sets(content: string, run: readonly string[], options: ReadOptions = {}) {
  const { samples, ...rest } = read('multi-label', content, { labels: run, ...options });
  const names = (row: number) =>
    run.filter((_, label) => samples.flags[row * run.length + label] === 1).join('+');
  return { rows: samples.texts.map((text, i) => [text, names(i)]), ...rest };
}

describe('columns: ids, dates and names are not the texts', () => {
  const accepted: readonly (readonly [string, string])[] = [
    ['id, sentiment, comment', `id,sentiment,comment\n${rows((t, i) => `${5703000 + i},${label(i)},${t}`)}`],
    ['JSON lines', rows((t, i) => JSON.stringify({ id: 800 + i, sentiment: label(i), comment: t }))],
    [
      'TweetId, Label, TweetText',
      `TweetId,Label,TweetText\n${rows((t, i) => `${800 + i},${label(i)},${t}`)}`,
    ],
    ['dates', `date,label,note\n${rows((t, i) => `2026-05-0${i + 1},${label(i)},${t}`)}`],
    ['id, comment, sentiment', `id,comment,sentiment\n${rows((t, i) => `57${i},${t},${label(i)}`)}`],
    ['no header, an id first', rows((t, i) => `${5703000 + i},${label(i)},${t}`)],
    [
      'tweets of airlines',
      `tweet_id,airline_sentiment,airline_sentiment_confidence,negativereason,airline,airline_sentiment_gold,name,retweet_count,text,tweet_coord,tweet_created,tweet_location,user_timezone\n${rows(
        (t, i) =>
          `5.70306E+17,${label(i)},0.${i}9,Customer Service Issue,Virgin America,,cairdin,0,${t},,2015-02-24 11:35:52 -0800,"Austin, TX",Eastern Time (US & Canada)`,
      )}`,
    ],
    [
      'SentimentText is the text',
      `ItemID,Sentiment,SentimentText\n${rows((t, i) => `${i},${label(i)},${t}`)}`,
    ],
    ['an index without a name', `,text,label\n${rows((t, i) => `${i},${t},${label(i)}`)}`],
    [
      "R's row names",
      `"text" "label"\n`.replace(' ', ',') + rows((t, i) => `"${i + 1}","${t}","${label(i)}"`),
    ],
    ['unusual names', `ref;wer;was;wie\n${rows((t, i) => `X-${i};Ada Roe;${t};${label(i)}`)}`],
    ['names in another language', `Nr;Kommentar;Stimmung\n${rows((t, i) => `${i};${t};${label(i)}`)}`],
    ['sep= as spreadsheets write it', `sep=;\ntext;label\n${rows((t, i) => `${t};${label(i)}`)}`],
    [
      'a text named as another thing, a text column of ids',
      `message,reply,label\n${rows((t, i) => `${900 + i},${t},${label(i)}`)}`,
    ],
    ['cells without names behind', `text,label,,\n${rows((t, i) => `${t},${label(i)},,`)}`],
    [
      'a byte order mark and quotes',
      `\ufeff"id","label","text"\n${rows((t, i) => `"${i}","${label(i)}","${t}"`)}`,
    ],
  ];

  test.each(accepted)('%s', (_, content) => {
    const { rows: found, problems, unknown } = classify(content);
    expect(found).toEqual(right);
    expect([problems, unknown]).toEqual([[], []]);
  });

  test('UTF-16 with a mark', () => {
    expect(classify(utf16(`id\tlabel\ttext\r\n${rows((t, i) => `${i}\t${label(i)}\t${t}`)}`)).rows).toEqual(
      right,
    );
  });

  test('a first row with a label is a sample, whatever word stands there', () => {
    expect(classify('Content,good\nReview,bad\nthe rest of it,good\n').rows).toHaveLength(3);
  });

  test.each([
    ['only ids beside the labels', `id,label\n${rows((_, i) => `${i},${label(i)}`)}`, /no column of texts/],
    [
      'only dates and addresses',
      `when,where,label\n${rows((_, i) => `2026-05-0${i + 1},https://a.org/${i},${label(i)}`)}`,
      /no column of texts/,
    ],
    [
      'two alike',
      `first,then,label\n${rows((t, i) => `${t},${twelve[5 - i]},${label(i)}`)}`,
      /none is surely that of the texts: name it "text"/,
    ],
    [
      'the labels twice',
      `text,p,q\n${rows((t, i) => `${t},${label(i)},${label(i + (i > 3 ? 1 : 0))}`)}`,
      /labels in several columns/,
    ],
  ])('%s: nothing is guessed', (_, content, reason) => {
    const { rows: found, shown, reasons } = classify(content);
    expect(found).toEqual([]);
    expect(reasons).toEqual([expect.stringMatching(reason)]);
    // The person says it.
    expect(shown).toMatchObject({
      unclear: reasons[0],
      titles: expect.arrayContaining([expect.stringMatching(/^column "/)]),
    });
  });

  test('title and body are one text, also where one of them is empty', () => {
    const cells =
      '"1","Lift broken again","the lift is broken for the third week"\n"3","Bus on time","lovely tea in the small cafe"\n';
    const expected = [
      ['Lift broken again\nthe lift is broken for the third week', '1'],
      ['Bus on time\nlovely tea in the small cafe', '3'],
    ];
    const run = { labels: ['1', '2', '3', '4'] };
    expect(classify(cells, run).rows).toEqual(expected);
    expect(classify(`Class Index,Title,Description\n${cells}`, run).rows).toEqual(expected);
    const { rows: found, columns } = classify(
      `review_body,review_headline,star_rating\nthe lift is broken,Oh no,1\nfine all the same,,3\n`,
      run,
    );
    expect(found).toEqual([
      ['Oh no\nthe lift is broken', '1'],
      ['fine all the same', '3'],
    ]);
    expect(columns).toEqual(['column "review_body"', 'column "review_headline"', 'column "star_rating"']);
  });
});

test.each([
  ['title,text,label', 'Oh no,the lift is broken,good\nOn time,the bus came at last,bad\n'],
  ['label,headline,article', 'good,Oh no,the lift is broken\nbad,On time,the bus came at last\n'],
  ['title,plot,label', 'Oh no,the lift is broken,good\nOn time,the bus came at last,bad\n'],
  [
    'id,review_title,review_text,label',
    '1,Oh no,the lift is broken,good\n2,On time,the bus came at last,bad\n',
  ],
])('titles by name are above their texts: %s', (names, cells) => {
  expect(classify(`${names}\n${cells}`).rows).toEqual([
    ['Oh no\nthe lift is broken', 'good'],
    ['On time\nthe bus came at last', 'bad'],
  ]);
});

test('names of columns that stand again among the rows are passed over', () => {
  const part = 'text,label\na dog,good\n';
  expect(classify(`${part}${part.replace('dog', 'cow')}`)).toMatchObject({
    rows: [
      ['a dog', 'good'],
      ['a cow', 'good'],
    ],
    unknown: [],
    problems: [],
  });
});

describe('what a person says of a table', () => {
  const content = `first,then,label\n${rows((t, i) => `${t},${twelve[5 - i]},${label(i)}`)}`;
  const layout = classify(content).shown!.layout;
  const say = (roles: readonly ('none' | 'text' | 'second' | 'label')[], header = true) =>
    classify(content, { columns: new Map([[layout, { header, roles }]]) });

  test('is what is read', () => {
    expect(say(['none', 'text', 'label']).rows).toEqual(twelve.map((_, i) => [twelve[5 - i], label(i)]));
    expect(say(['text', 'text', 'label']).rows[0]).toEqual([`${twelve[0]}\n${twelve[5]}`, 'good']);
    expect(say(['text', 'none', 'label']).shown).toMatchObject({
      header: true,
      roles: ['text', 'none', 'label'],
      unclear: null,
    });
  });

  test('a first row that is no header is a row', () => {
    const { rows: found, unknown } = say(['text', 'none', 'label'], false);
    expect(found).toEqual(right);
    expect(unknown).toEqual(['label: 1']);
  });

  test('what is missing is said, and asked again', () => {
    for (const roles of [
      ['none', 'none', 'label'],
      ['text', 'none', 'none'],
      ['text', 'label', 'label'],
    ] as const) {
      const { rows: found, reasons, shown } = say(roles);
      expect(found).toEqual([]);
      expect(shown?.unclear).toBe(reasons[0]);
    }
  });

  test('ids are read where the person says so', () => {
    const table = 'id,label\nX-1,good\nX-2,bad\n';
    const { layout: of } = classify(table).shown!;
    expect(
      classify(table, { columns: new Map([[of, { header: true, roles: ['text', 'label'] }]]) }).rows,
    ).toEqual([
      ['X-1', 'good'],
      ['X-2', 'bad'],
    ]);
  });

  test('every column is shown with two rows of what stands in it', () => {
    expect(classify(`id,label,text\n1,good,${'long '.repeat(60)}\n2,bad,b\n3,good,c\n`).shown).toMatchObject({
      file: 'notes.csv',
      files: 1,
      header: true,
      titles: ['column "id"', 'column "label"', 'column "text"'],
      roles: ['none', 'label', 'text'],
      examples: [
        ['1', 'good', expect.stringMatching(/^long .{150,160}…$/)],
        ['2', 'bad', 'b'],
      ],
    });
  });
});

describe('labels', () => {
  const signs = `label,text\n1,${twelve[0]}\n+1,${twelve[1]}\n-1,${twelve[2]}\n−1,${twelve[3]}\n`;

  test('a sign is part of the name', () => {
    expect(classify(signs, { labels: ['+1', '-1'] }).rows.map(([, name]) => name)).toEqual([
      '+1',
      '+1',
      '-1',
      '-1',
    ]);
    expect(classify(signs, { labels: ['-1', '0'] })).toMatchObject({
      rows: [
        [twelve[2], '-1'],
        [twelve[3], '-1'],
      ],
      unknown: ['1: 1', '+1: 1'],
    });
    expect(classify('text,label\na,A-\nb,A+\nc,A\n', { labels: ['A', 'A-'] })).toMatchObject({
      rows: [
        ['a', 'A-'],
        ['c', 'A'],
      ],
      unknown: ['A+: 1'],
    });
  });

  test('a number is the same however it is written', () => {
    const run = { labels: Array.from({ length: 11 }, (_, i) => String(i)) };
    const written = ['1.0', '0.0', '10.0', '1', '01', '1.00'];
    expect(classify(`text,label\n${rows((t, i) => `${t},${written[i]}`)}`, run)).toMatchObject({
      rows: twelve.map((t, i) => [t, String(Number(written[i]))]),
      unknown: [],
    });
    expect(
      classify(`text;label\n${rows((t, i) => `${t};${written[i]!.replace('.', ',')}`)}`, run).rows,
    ).toHaveLength(6);
  });

  test('numbers and names side by side: the column with the labels of the run', () => {
    const run = { labels: ['card arrival', 'card linking', 'exchange rate'] };
    const table = (name: string) =>
      `text,label,${name}\n${rows((t, i) => `${t},${i % 3},${run.labels[i % 3]}`)}`;
    for (const name of ['label_text', 'label_name', 'what']) {
      expect(classify(table(name), run).rows).toEqual(twelve.map((t, i) => [t, run.labels[i % 3]]));
    }
    // Nobody knows the names either: those with a meaning are asked about.
    expect(classify(table('label_text'), { labels: ['x', 'y'] }).unknown).toEqual(
      run.labels.map((name) => `${name}: 2`),
    );
    expect(classify(table('label_text'), { labels: ['0', '1', '2'] }).columns).toEqual([
      'column "text"',
      'column "label"',
    ]);
  });

  test.each([
    ['Python', ["['joy']", "['joy', 'surprise']", '[]', "('anger',)", "{'joy'}", 'set()']],
    [
      'numpy',
      ["['joy']", "['joy' 'surprise']", '[]', "array(['anger'], dtype=object)", "['joy'\n 'joy']", '[]'],
    ],
    ['JSON', ['["joy"]', '["joy","surprise"]', '[]', '["anger"]', '[ "joy" ]', '']],
    ['PostgreSQL and R', ['{joy}', '{joy,surprise}', '{}', 'c("anger")', '{"joy"}', '[ ]']],
    ['no quotes', ['[joy]', '[joy, surprise]', '[]', '[anger]', '[joy]', '']],
  ])('lists of %s', (_, cells) => {
    const quoted = cells.map((cell) => `"${cell.replaceAll('"', '""')}"`);
    const {
      rows: found,
      problems,
      unknown,
    } = sets(`text,labels\n${rows((t, i) => `${t},${quoted[i]}`)}`, ['joy', 'surprise', 'anger']);
    expect(found.map(([, names]) => names)).toEqual(['joy', 'joy+surprise', '', 'anger', 'joy', '']);
    expect([problems, unknown]).toEqual([[], []]);
  });

  test('numbers in lists, an apostrophe in a name, brackets that are part of one', () => {
    expect(sets('text,labels\na b,[0 2]\nc d,"[1, 2]"\n', ['0', '1', '2']).rows).toEqual([
      ['a b', '0+2'],
      ['c d', '1+2'],
    ]);
    expect(sets('text,labels\na b,"[""don\'t"", \'no\']"\n', ["don't", 'no']).rows).toEqual([
      ['a b', "don't+no"],
    ]);
    expect(sets('text,labels\na b,(other)\nc d,[none]\n', ['(other)', '[none]']).rows).toEqual([
      ['a b', '(other)'],
      ['c d', '[none]'],
    ]);
  });

  test('one label: a list of one is it, a list of two is a problem', () => {
    expect(classify(`text,label\na dog,['good']\nan oak,"['good', 'bad']"\n`)).toMatchObject({
      rows: [['a dog', 'good']],
      problems: ['3: malformed'],
      reasons: ['has 2 labels where one is needed'],
    });
  });

  test('a column for each label', () => {
    const run = ['toxic', 'insult', 'threat'];
    const flags = ['0,0,0', '1,1,1', '0,0,0', '1,0,0', '0,0,0', '0,1,0'];
    const content = `id,comment_text,toxic,insult,threat\n${rows((t, i) => `00000000000000${i}e,${t},${flags[i]}`)}`;
    expect(sets(content, run).rows).toEqual(
      twelve.map((t, i) => [t, run.filter((_, k) => flags[i]!.split(',')[k] === '1').join('+')]),
    );
    // One of them each where one label is needed.
    expect(
      classify('id,text,bad,good\n1,a dog,0,1\n2,an oak,1,0\n3,a cow,1,1\n4,an elm,0,0\n'),
    ).toMatchObject({
      rows: [
        ['a dog', 'good'],
        ['an oak', 'bad'],
      ],
      reasons: ['has 2 of the labels where one is needed', 'has none of the labels where one is needed'],
    });
  });
});

describe('rows that fall apart or grow together', () => {
  const six =
    'ham\tsee you at eight\nspam\t"win a boat now\nham\tthe tea is cold\nham\tmum says hello\nspam\tcall this number"\nham\tfinal one\n';
  const run = { labels: ['ham', 'spam'] };

  test.each(['a.tsv', 'a.txt', 'a.csv'])(
    'tabs: a quotation mark begins no text of several rows (%s)',
    (file) => {
      const { rows: found, problems } = classify(six, { ...run, file });
      expect(found.map(([text]) => text)).toEqual(
        six
          .trim()
          .split('\n')
          .map((line) => line.split('\t')[1]),
      );
      expect(problems).toEqual([]);
    },
  );

  test('commas: the row with the mark is told, those that it would swallow are read', () => {
    const { rows: found, problems, reasons } = classify(six.replaceAll('\t', ','), run);
    expect(found).toHaveLength(5);
    expect([problems, reasons]).toEqual([
      ['2: malformed'],
      [expect.stringMatching(/^its quotation marks do not match: write/)],
    ]);
  });

  test('a mark that never ends costs its own row only', () => {
    const { rows: found, problems } = classify(
      'text,label\na dog,good\n"an oak,bad\na cow,good\nan elm,bad\n',
    );
    expect(found.map(([text]) => text)).toEqual(['a dog', 'a cow', 'an elm']);
    expect(problems).toEqual(['3: malformed']);
    const wild = classify('text,label\na dog,good\n"Great" dog,bad\na cow,good\n"fine, really",bad\n');
    expect([wild.rows.length, wild.problems]).toEqual([3, ['3: malformed']]);
  });

  test('commas, and labels that nobody knows yet: the same', () => {
    const { rows: found, unknown, problems } = classify(six.replaceAll('\t', ','), { labels: ['a', 'b'] });
    expect([found, unknown, problems]).toEqual([[], ['ham: 4', 'spam: 1'], ['2: malformed']]);
  });

  test('commas, and most rows have a lone mark: marks are part of the texts', () => {
    const found = classify(`text,label\n${rows((t, i) => `"${t},${label(i)}`)}\n`);
    expect(found.rows).toEqual(twelve.map((t, i) => [`"${t}`, label(i)]));
    expect(found.problems).toEqual([]);
  });

  test('a table of many lone marks, longer than a part that is read at a time: each is told by its line, the others read', () => {
    const many = Array.from({ length: 30_000 }, (_, i) =>
      i % 10 === 3 ? `"${'odd '.repeat(40)},good` : `row ${'x'.repeat(150)} ${i},bad`,
    );
    const { rows: found, problems } = classify(`text,label\n${many.join('\n')}`, {
      limits: { rows: 40_000 },
    });
    expect(found).toHaveLength(27_000);
    expect([problems[0], problems[1], problems.length]).toEqual(['5: malformed', '15: malformed', 1000]);
  }, 60_000);

  test('a text in quotation marks may be long, and end in another part than it begins', () => {
    const long = Array.from({ length: 3000 }, (_, i) => `line ${i} of it, and so on`).join('\n');
    const content = `text,label\n${Array.from({ length: 100 }, () => `"${long}",good\n`).join('')}`;
    const { samples, problemCount } = readTextTable({
      task: 'next-token',
      file: 'a.csv',
      bytes: utf8(content),
      labels: [],
    });
    expect([samples.texts.length, samples.texts.every((text) => text === long), problemCount]).toEqual([
      100,
      true,
      0,
    ]);
  });

  test('a text of several lines in quotation marks is one text', () => {
    expect(classify('label,text\ngood,"one, two\nthree, four\nfive"\nbad,x\n').rows).toEqual([
      ['one, two\nthree, four\nfive', 'good'],
      ['x', 'bad'],
    ]);
  });

  test('commas in a text without quotation marks: it is put together where that is sure', () => {
    const cut =
      'label,text\nbad,cold soup, rude waiter, never again\ngood,“tea, cake and sun”\ngood,plain text\n';
    expect(classify(cut).rows).toEqual([
      ['cold soup, rude waiter, never again', 'bad'],
      ['“tea, cake and sun”', 'good'],
      ['plain text', 'good'],
    ]);
    expect(classify('text,label\ncold soup, rude waiter,bad\nplain text,good\n').rows[0]).toEqual([
      'cold soup, rude waiter',
      'bad',
    ]);
    expect(
      classify(
        'bad,cold soup, rude waiter, never again\ngood,tea, cake and sun\nbad,the parcel arrived, but empty\n',
      ).rows[0],
    ).toEqual(['cold soup, rude waiter, never again', 'bad']);
  });

  test('more cells than columns, and not sure whose: the line is told, and what to do', () => {
    const {
      rows: found,
      problems,
      reasons,
    } = classify('text,label,note\na dog,good,I saw it, twice\nan oak,bad,\n"a cow, brown",good,x,y\n');
    expect(found).toEqual([['an oak', 'bad']]);
    expect(problems).toEqual(['2: malformed', '4: malformed']);
    expect(reasons[0]).toBe(
      'has 4 cells for 3 columns: put quotation marks around a text that has "," in it',
    );
  });
});

describe('JSON', () => {
  const objects = twelve.map((text, i) => ({ text, label: label(i) }));
  const columns = { text: twelve, label: twelve.map((_, i) => label(i)) };
  const numbered = (values: readonly unknown[]) =>
    Object.fromEntries(values.map((value, i) => [String(i), value]));
  const shapes: readonly (readonly [string, string])[] = [
    ['a list of objects', JSON.stringify(objects, null, 2)],
    ['the same in one line', JSON.stringify(objects)],
    ['a list by a name', JSON.stringify({ version: 1, data: objects }, null, 2)],
    ['objects broken into lines', objects.map((object) => JSON.stringify(object, null, 1)).join('\n')],
    ['columns by name', JSON.stringify(columns)],
    [
      'columns as pandas has them',
      JSON.stringify({ text: numbered(twelve), label: numbered(columns.label) }),
    ],
    ['rows by name', JSON.stringify(Object.fromEntries(objects.map((object, i) => [`r${i}`, object])))],
    [
      'columns and rows apart',
      JSON.stringify({ columns: ['text', 'label'], index: [0], data: objects.map(Object.values) }),
    ],
    ['a list of lists', JSON.stringify([['text', 'label'], ...objects.map(Object.values)])],
    ['objects in objects', objects.map((row, i) => JSON.stringify({ row_idx: i, row })).join('\n')],
    ['a byte order mark', `\ufeff${JSON.stringify(objects)}`],
    ['lines cut out of a list', objects.map((object) => `  ${JSON.stringify(object)},`).join('\n')],
    [
      'NaN and Infinity',
      objects
        .map(
          ({ text, label }) => `{"score": NaN, "text": "${text}", "x": [-Infinity, 1], "label": "${label}"}`,
        )
        .join('\n'),
    ],
  ];

  test.each(shapes)('%s', (_, content) => {
    for (const file of ['a.json', 'a.jsonl', 'a.txt']) {
      const { rows: found, problems } = classify(content, { file });
      expect(found).toEqual(right);
      expect(problems).toEqual([]);
    }
    // A text of a model that writes on is never the JSON itself.
    expect(read('next-token', content, { labels: [], file: 'a.json' }).samples.texts).toEqual(twelve);
  });

  test('each row has its line', () => {
    const lines = (content: string) => classify(content, { file: 'a.json' }).problems;
    expect(lines(JSON.stringify([...objects, { text: '' }], null, 2))).toEqual(['26: empty']);
    expect(lines('{"text":"a b","label":"good"}\n{"text":"c d","label":NaN}\n{"text":"e f"')).toEqual([
      '2: empty',
      '3: malformed',
    ]);
    expect(lines(`${JSON.stringify(objects, null, 2).slice(0, -8)}`)).toEqual(['22: malformed']);
  });

  test.each([
    ['an empty list', '[]', /empty JSON list/],
    [
      'what Python prints',
      twelve.map((t) => `{'text': '${t}', 'label': 'good'}`).join('\n'),
      /no JSON in line 1: .*double quotation marks/,
    ],
    ['numbers', '[1, 2, 3]', /other things than objects/],
    [
      'several lists',
      JSON.stringify({ train: objects, test: objects }),
      /several lists of rows \("train", "test"\): save each/,
    ],
    ['columns of different lengths', JSON.stringify({ text: twelve, label: ['good'] }), /different lengths/],
  ])('%s is refused with what to do', (_, content, reason) => {
    expect(classify(content, { file: 'a.json' })).toMatchObject({
      rows: [],
      reasons: [expect.stringMatching(reason)],
    });
  });

  test('a list of lists in a field is no set of labels', () => {
    const content = '{"text":"a b","labels":["good"]}\n{"text":"c d","labels":[["good"],["bad"]]}';
    expect(sets(content, labels)).toMatchObject({ rows: [['a b', 'good']], problems: ['2: malformed'] });
  });
});

describe('files that are no plain text are called by their name, with a way out', () => {
  const bytes = (...signs: readonly (string | number)[]) =>
    Uint8Array.from(signs.flatMap((sign) => (typeof sign === 'string' ? [...utf8(sign)] : [sign])));
  const padded = (start: Uint8Array) =>
    Uint8Array.from([...start, ...Array.from({ length: 300 }, (_, i) => (i * 7) % 256)]);

  test.each([
    [
      'an old Excel file',
      padded(bytes(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1)),
      /old Excel.*CSV UTF-8/,
    ],
    [
      'a new one',
      padded(bytes('PK', 3, 4, '[Content_Types].xml', 0, 'xl/workbook.xml')),
      /Excel file: open it and export it as CSV UTF-8/,
    ],
    [
      'a Word document',
      padded(bytes('PK', 3, 4, 'word/document.xml')),
      /Word document: save it as plain text/,
    ],
    [
      'an OpenDocument table',
      padded(bytes('PK', 3, 4, 'mimetypeapplication/vnd.oasis.opendocument.spreadsheet')),
      /OpenDocument.*CSV/,
    ],
    ['a PDF', padded(bytes('%PDF-1.7')), /PDF: copy its text/],
    ['a Parquet file', padded(bytes('PAR1', 0x15)), /Parquet.*to_csv/],
    ['a Feather file', padded(bytes('ARROW1', 0, 0)), /Feather.*to_csv/],
    ['a pickle', Uint8Array.from([...padded(bytes(0x80, 4)), 0x2e]), /pickle.*to_csv/],
    ['gzip', padded(bytes(0x1f, 0x8b, 8)), /gzip: unpack it/],
    ['Rich Text', bytes('{\\rtf1\\ansi text}'), /Rich Text Format: save it as plain text/],
    [
      'a pointer of Git LFS',
      bytes('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n'),
      /Git LFS.*git lfs pull/,
    ],
    [
      'a web page',
      bytes('<!DOCTYPE html>\n<html><body>Sign in</body></html>'),
      /web page.*download the table itself/,
    ],
    ['UTF-16 without a mark', utf16('text,label\na dog,good\n').subarray(2), /UTF-16.*save it as UTF-8/],
    [
      'UTF-16, big-endian, without a mark',
      utf16('text,label\na dog,good\n', false).subarray(2),
      /UTF-16.*save it as UTF-8/,
    ],
    ['UTF-32', bytes(0xff, 0xfe, 0, 0, 0x61, 0, 0, 0), /UTF-32.*save it as UTF-8/],
    ['a table of a web page', bytes('<table><tr><td>a</td></tr></table>'), /web page/],
    ['one zero byte', bytes('text,label\nab\0c,good\nfine,bad\n'), /zero byte in line 2.*UTF-8/],
    ['Latin-1', bytes('text,label\ncaf', 0xe9, ',good\n'), /not UTF-8 text: save it as UTF-8/],
    ['only the names of columns', bytes('text,label\n'), /no rows below the names/],
    ['nothing', bytes(), /is empty/],
  ])('%s', (_, content, reason) => {
    expect(classify(content)).toMatchObject({
      rows: [],
      unknown: [],
      reasons: [expect.stringMatching(reason)],
    });
  });
});
