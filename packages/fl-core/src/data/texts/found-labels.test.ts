import { expect, test } from 'vitest';
import { findLabels } from './found-labels.ts';
import { takenTitles, utf8 } from './testing.ts';
import { readTextTable } from './text-table.ts';

const task = 'classification';
const find = (content: string, file = 'a.csv') => findLabels({ task, file, bytes: utf8(content) });

test.each([
  [
    'by its name, beside others',
    'id,utterance,intent\n1,a dog ran,b\n2,an oak stood,a\n3,a cow ran,b\n',
    ['a', 'b'],
  ],
  ['header in another order', 'topic;message\nred;a, b\nblue;c d\n', ['blue', 'red']],
  [
    'airline_sentiment',
    'tweet_id,airline_sentiment,name,text\n5.7E+17,good,cairdin,a dog ran\n5.7E+17,bad,jnardino,an oak stood\n',
    ['bad', 'good'],
  ],
  [
    'no header: values that come back',
    'a dog ran,x\nan oak stood,y\na cow ran,x\nan elm stood,y\n',
    ['x', 'y'],
  ],
  [
    'the names of the labels rather than their numbers',
    'text,label,label_text\na dog,0,card\nan oak,1,rate\n',
    ['card', 'rate'],
  ],
  ['numbers, and an empty cell', 'text,label\na dog,1.0\nan oak,0.0\na cow,\n', ['0', '1']],
  ['signs', 'text,label\na dog,+1\nan oak,-1\n', ['+1', '-1']],
  ['one spelling of several', 'text,label\na,Good\nb,good\nc,good\nd,bad\n', ['bad', 'good']],
  ['JSON lines', '{"sentence":"a dog","class":"x"}\n{"sentence":"an oak","class":"y"}', ['x', 'y']],
])('%s', (_, content, labels) => {
  const found = find(content);
  expect(found.labels).toEqual(labels);
  expect(found.problems).toEqual([]);
  // With them the table is read, and from the same columns.
  const table = readTextTable({ task, file: 'a.csv', bytes: utf8(content), labels });
  expect(table.unknown).toEqual([]);
  expect(takenTitles(table.shown)).toEqual(takenTitles(found.shown));
});

test('what has no labels says why', () => {
  const long = Array.from({ length: 1001 }, (_, i) => `text ${i},name ${i}\n`).join('');
  expect(find('text,story\na,b c d\nb,e f g\n').problems[0]?.reason).toMatch(
    /no column whose values come back.*"label"/,
  );
  expect(find(`text,label\n${long}`).labels).toHaveLength(1001);
  expect(find('').problems[0]?.reason).toBe('is empty');
});

test('the columns that a person says', () => {
  const content = 'title,body,kind,lang\na dog,it ran,x,en\nan oak,it stood,y,de\na cow,it ran,x,en\n';
  const { shown } = find(content);
  const columns = new Map([
    [shown!.layout, { header: true, roles: ['text', 'none', 'none', 'label'] as const }],
  ]);
  expect(findLabels({ task, file: 'a.csv', bytes: utf8(content), columns }).labels).toEqual(['de', 'en']);
});
