import { describe, expect, it } from 'vitest';
import { fairDraw } from './fair-draw.ts';

const clients = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: `${prefix}${i}` }));
/** Newcomers are at the address of their first letter; `p` has answered before. */
const addressOf = ({ id }: { id: string }) => (id.startsWith('p') ? null : id.slice(0, 1));
const drawn = (ready: readonly { id: string }[], goal: number, round = 1) =>
  fairDraw(ready, addressOf, goal, 7, round).map(({ id }) => id);

describe('the draw of a cohort', () => {
  it('has no more newcomers of one address than others, or than the goal', () => {
    const few = drawn([...clients('s', 600), ...clients('h', 3)], 3);
    expect(few.filter((id) => id.startsWith('s'))).toHaveLength(3);
    expect(few.filter((id) => id.startsWith('h'))).toHaveLength(3);
    const many = drawn([...clients('s', 600), ...clients('h', 3), ...clients('p', 40)], 3);
    expect(many.filter((id) => id.startsWith('s'))).toHaveLength(43);
    expect(drawn([...clients('s', 600), ...clients('h', 3)], 10)).toHaveLength(13);
  });

  it('has others of them in another round, and the same in the same', () => {
    const ready = [...clients('s', 600), ...clients('h', 3)];
    expect(drawn(ready, 3, 1)).toEqual(drawn(ready.toReversed(), 3, 1).toReversed());
    expect(drawn(ready, 3, 1)).not.toEqual(drawn(ready, 3, 2));
  });

  it.each([
    ['a school alone', clients('s', 500)],
    ['people from everywhere', [...clients('a', 1), ...clients('b', 1), ...clients('c', 1)]],
    ['those who have answered', [...clients('p', 500), ...clients('a', 2)]],
  ])('holds nobody back of %s', (_who, ready) => {
    expect(drawn(ready, 3)).toEqual(ready.map(({ id }) => id));
  });
});
