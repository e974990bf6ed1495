import { expect, it } from 'vitest';
import { member } from '../testing/views.ts';
import { memberRows, sinceText, staleText } from './members.ts';

it('has a row for each participant, with what is not known left empty', () => {
  const members = [
    member('a', { mask: ['block.0', 'block.1'], trainLoss: 0.5, updateBytes: 9, bytesDown: 7 }),
    member('b', { state: 'left', mask: null, evaluation: { loss: 1, accuracy: 0.25, samples: 4 } }),
  ];
  const [head = [], ...rows] = memberRows({ members }, new Map([['a', 'Ada']]));
  const said = rows.map((row) => Object.fromEntries(row.map((value, i) => [head[i], value])));
  expect(said[0]).toMatchObject({ client: 'a', name: 'Ada', mask: 'block.0 block.1', 'bytes sent': 9 });
  expect(said[0]).toMatchObject({ 'training loss': 0.5, 'held-out loss': null, 'bytes received': 7 });
  expect(said[1]).toMatchObject({ name: '', state: 'left', mask: null, accuracy: 0.25, 'bytes sent': null });
});

it('says of a buffered round how old its updates were, and who goes on with earlier work', () => {
  expect(staleText({ updates: 0, mean: 0 }, 3)).toBe('All 3 updates were trained from the newest model.');
  expect(staleText({ updates: 1, mean: 0.667 }, 3)).toBe(
    '1 of 3 updates was trained from an older model: since, a layer had been changed 0.7 times, in the mean of all.',
  );
  expect([null, 4, 2].map((since) => sinceText({ since }, 4))).toEqual(['', '', ', at work since round 2']);
});
