import { expect, test } from 'vitest';
import { namedColumns } from './named.ts';
import type { ColumnRole } from './shown.ts';

const titles = ['column "id"', 'column "title"', 'column "body"', 'column "topic"', 'column "3"'];
const roles: readonly ColumnRole[] = ['none', 'text', 'none', 'label', 'none'];
const table = { header: true, titles, roles };

test.each<[string, Parameters<typeof namedColumns>[1], readonly ColumnRole[]]>([
  ['nothing', {}, roles],
  ['a text', { text: ['body'] }, ['none', 'none', 'text', 'label', 'none']],
  ['two texts', { text: ['title', 'body'] }, ['none', 'text', 'text', 'label', 'none']],
  ['labels', { label: 'id' }, ['label', 'text', 'none', 'none', 'none']],
  ['numbers', { text: ['1'], label: '2' }, ['text', 'label', 'none', 'none', 'none']],
  ['a name that is a number', { text: ['3'] }, ['none', 'none', 'none', 'label', 'text']],
])('%s is said', (_, wanted, expected) => {
  expect(namedColumns(table, wanted)).toEqual({ header: true, roles: expected });
});

test.each(['subject', '0', '6', '', '-1'])('there is no column "%s"', (name) => {
  expect(namedColumns(table, { text: [name] })).toEqual({ unknown: name });
});
