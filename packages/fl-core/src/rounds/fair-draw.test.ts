import { describe, expect, it } from 'vitest';
import { fairDraw } from './fair-draw.ts';
import { testConfig } from './testing/index.ts';

const clients = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: `${prefix}${i}` }));
/** Newcomers are at the address of their first letter; `p` has answered before. */
const addressOf = ({ id }: { id: string }) => (id.startsWith('p') ? null : id.slice(0, 1));
async function drawn(ready: readonly { id: string }[], goal: number, round = 1): Promise<string[]> {
  const config = testConfig({ cohort: { goal, minimum: 1 } });
  const chosen = await fairDraw({ config, sampling: '7' }, round, ready, addressOf);
  return chosen.map(({ id }) => id);
}

describe('the draw of a cohort', () => {
  it('has no more newcomers of one address than others, or than the goal', async () => {
    const few = await drawn([...clients('s', 600), ...clients('h', 3)], 3);
    expect(few.filter((id) => id.startsWith('s'))).toHaveLength(3);
    expect(few.filter((id) => id.startsWith('h'))).toHaveLength(3);
    const many = await drawn([...clients('s', 600), ...clients('h', 3), ...clients('p', 40)], 3);
    expect(many.filter((id) => id.startsWith('s'))).toHaveLength(43);
    expect(await drawn([...clients('s', 600), ...clients('h', 3)], 10)).toHaveLength(13);
  });

  it('has others of them in another round, and the same in the same', async () => {
    const ready = [...clients('s', 600), ...clients('h', 3)];
    const first = await drawn(ready, 3, 1);
    expect((await drawn(ready.toReversed(), 3, 1)).toReversed()).toEqual(first);
    expect(await drawn(ready, 3, 2)).not.toEqual(first);
  });

  it.each([
    ['a school alone', clients('s', 500)],
    ['people from everywhere', [...clients('a', 1), ...clients('b', 1), ...clients('c', 1)]],
    ['those who have answered', [...clients('p', 500), ...clients('a', 2)]],
  ])('holds nobody back of %s', async (_who, ready) => {
    expect(await drawn(ready, 3)).toEqual(ready.map(({ id }) => id));
  });
});
