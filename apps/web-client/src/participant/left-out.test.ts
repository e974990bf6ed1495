import { expect, it } from 'vitest';
import { leftOutText } from './left-out.ts';

it('says how much was left out and by which names', () => {
  const names = [
    { name: 'Eule', count: 35, within: null, suggestion: null },
    { name: '', count: 1, within: null, suggestion: null },
  ];
  expect(leftOutText(names, 'image')).toBe('36 pictures are left out, as you said: Eule, in no folder.');
  expect(leftOutText(names.slice(1), 'text')).toBe('1 text is left out, as you said: without a label.');
});

it('says nothing of nothing', () => {
  expect(leftOutText([], 'image')).toBe('');
});
