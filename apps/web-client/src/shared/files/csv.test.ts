import Papa from 'papaparse';
import { expect, it } from 'vitest';
import { csv } from './csv.ts';

it('writes what a reader of CSV reads as it was, every digit', () => {
  const rows = [
    ['round', 'a, b', 'say "hi"', 'two\nlines'],
    [1, 0.1 + 0.2, -1e-9, null],
  ];
  expect(Papa.parse(csv(rows), { skipEmptyLines: true }).data).toEqual([
    ['round', 'a, b', 'say "hi"', 'two\nlines'],
    ['1', '0.30000000000000004', '-1e-9', ''],
  ]);
});
