import { expect, it } from 'vitest';
import { member } from '../testing/views.ts';
import { memberRows } from './members.ts';

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
