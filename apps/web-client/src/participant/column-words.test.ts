import { readTexts } from '@strata/fl-core/data';
import type { TaskName } from '@strata/fl-core/tasks';
import { expect, test } from 'vitest';
import { columnName, rolesOf, roleWord, takenColumns } from './column-words.ts';

async function tableOf(task: TaskName, labels: readonly string[], content: string) {
  const bytes = new TextEncoder().encode(content);
  const file = { path: 'a.csv', size: bytes.length, read: async () => bytes };
  const { tables } = await readTexts([file], { task, labels });
  return tables[0]!;
}

test.each([
  [
    'classification',
    ['x', 'y'],
    'id,comment,mood\n1,a dog ran,x\n2,an oak stood,y\n',
    'the texts are in column “comment”, the labels in column “mood”.',
  ],
  [
    'classification',
    ['x', 'y'],
    'x,A title of it,and what is below it\ny,Another such one,with more below\n',
    'the texts are in column 2 and column 3, the labels in column 1.',
  ],
  [
    'sequence-pair',
    ['x', 'y'],
    'premise,hypothesis,label\na b,c d,x\ne f,g h,y\n',
    'the first texts are in column “premise”, the second in column “hypothesis”, the labels in column “label”.',
  ],
  [
    'multi-label',
    ['x', 'y'],
    'text,x,y\na b,1,0\nc d,1,1\n',
    'the texts are in column “text”, the labels in column “x” and column “y”.',
  ],
  ['next-token', [], '{"story":"once there was","by":"me"}', 'the texts are in field “story”.'],
] as const)('%s of %s: %s', async (task, labels, content, said) => {
  expect(takenColumns(await tableOf(task, labels, content))).toBe(said);
});

test('the roles that a person can choose from are those of the task', async () => {
  const pair = await tableOf('sequence-pair', ['x', 'y'], 'premise,hypothesis,label\na b,c d,x\n');
  expect(rolesOf(pair.needs).map((role) => roleWord(role, pair.needs))).toEqual([
    'Not used',
    'First text',
    'Second text',
    'Label',
  ]);
  const next = await tableOf('next-token', [], 'text,by\na b,c\n');
  expect(rolesOf(next.needs).map((role) => roleWord(role, next.needs))).toEqual(['Not used', 'Text']);
});

test('columns are called by their names', () => {
  expect(['column "a "b" c"', 'field "x"', 'column 3'].map(columnName)).toEqual(['a "b" c', 'x', 'column 3']);
});
