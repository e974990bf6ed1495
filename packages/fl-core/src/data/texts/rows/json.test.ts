import { describe, expect, test } from 'vitest';
import { readTextTable } from '../text-table.ts';

const labels = ['animal', 'plant'];

function read(content: string, file = 'notes.jsonl') {
  const table = readTextTable({
    task: 'classification',
    file,
    bytes: new TextEncoder().encode(content),
    labels,
  });
  return {
    rows: table.samples.texts.map((text, i) => [text, labels[table.samples.labels[i]!]]),
    unknown: table.unknown.map(({ name, count }) => `${name}: ${count}`),
    problems: table.problems.map(({ kind, line }) => `${line}: ${kind}`),
  };
}

const good = [
  ['a dog', 'animal'],
  ['an oak, tall', 'plant'],
];

describe('JSON lines', () => {
  test.each<[string, string, string]>([
    [
      'by the name of the file',
      'a.jsonl',
      '{"text":"a dog","label":"animal"}\n{"text":"an oak, tall","label":"plant"}',
    ],
    [
      'by the name of the file',
      'a.ndjson',
      '{"label":"animal","text":"a dog"}\r\n\r\n{"text":"an oak, tall","label":"plant"}\r\n',
    ],
    [
      'by its first line',
      'a.txt',
      '{"text":"a dog","label":"animal"}\n{"text":"an oak, tall","label":"plant"}\n',
    ],
    [
      'with a byte order mark',
      'a.jsonl',
      '\ufeff{"text":"a dog","label":"animal"}\n{"text":"an oak, tall","label":"plant"}\n',
    ],
    [
      'with other fields',
      'a.jsonl',
      '{"id":1,"sentence":"a dog","intent":"animal"}\n{"id":2,"sentence":"an oak, tall","intent":"plant","by":["me"]}\n',
    ],
    [
      'with fields of unusual names',
      'a.jsonl',
      '{"q":"a dog","kind":"animal"}\n{"q":"an oak, tall","kind":"plant"}\n',
    ],
  ])('%s: %s', (_, file, content) => {
    const { rows, problems, unknown } = read(content, file);
    expect(rows).toEqual(good);
    expect([problems, unknown]).toEqual([[], []]);
  });

  test('numbers for labels can be mapped', () => {
    expect(read('{"text":"a","label":0}\n{"text":"b","label":1}\n{"text":"c","label":0}').unknown).toEqual([
      '0: 2',
      '1: 1',
    ]);
  });

  test('lines that are left out', () => {
    const lines = [
      '{"text":"a dog","label":"animal"}',
      '{"text":"cut o',
      '["a list"]',
      '{"text":["a","list"],"label":"plant"}',
      '{"label":"plant"}',
      '{"text":"two labels","label":["plant","animal"]}',
      '{"__proto__":"x","text":"an oak","label":"plant"}',
    ];
    const { rows, problems } = read(lines.join('\n'), 'a.jsonl');
    expect(rows.map(([text]) => text)).toEqual(['a dog', 'an oak']);
    expect(problems).toEqual(['2: malformed', '3: malformed', '4: empty', '5: empty', '6: malformed']);
  });
});
