import { StrataError } from '@strata/fl-core/protocol';
import { describe, expect, it } from 'vitest';
import { type Outcome, outcomeOf, Together } from './together.ts';

/** Doubles numbers, refuses odd ones one by one, and fails as a whole of a negative one. */
function doubling(fail: (lot: readonly number[]) => unknown = () => undefined) {
  const lots: { key: string; questions: readonly number[] }[] = [];
  const together = new Together<number, number>(async (key, questions): Promise<Outcome<number>[]> => {
    lots.push({ key, questions });
    await new Promise((resolve) => setImmediate(resolve));
    const error = fail(questions);
    if (error !== undefined) throw error;
    return questions.map((n) =>
      outcomeOf(() => {
        if (n % 2 === 1) throw new Error(`${n} is odd`);
        return 2 * n;
      }),
    );
  });
  return { together, lots };
}

describe('questions that come together', () => {
  it('are one lot a key, and those that come meanwhile the next; each has its own answer', async () => {
    const { together, lots } = doubling();
    const first = [2, 3, 4].map((n) => together.ask('a', n));
    const other = together.ask('b', 8);
    await new Promise((resolve) => setImmediate(resolve));
    const later = [6, 10].map((n) => together.ask('a', n));
    expect(await Promise.allSettled(first)).toEqual([
      { status: 'fulfilled', value: 4 },
      { status: 'rejected', reason: new Error('3 is odd') },
      { status: 'fulfilled', value: 8 },
    ]);
    expect(await Promise.all(later)).toEqual([12, 20]);
    expect(await other).toBe(16);
    expect(lots).toEqual([
      { key: 'a', questions: [2, 3, 4] },
      { key: 'b', questions: [8] },
      { key: 'a', questions: [6, 10] },
    ]);
    expect(await together.ask('a', 2)).toBe(4);
  });

  it('are cut into lots that have an end', async () => {
    const { together, lots } = doubling();
    const answers = await Promise.all(Array.from({ length: 150 }, (_, i) => together.ask('a', 2 * i)));
    expect(answers).toEqual(Array.from({ length: 150 }, (_, i) => 4 * i));
    expect(lots.map(({ questions }) => questions.length)).toEqual([64, 64, 22]);
  });

  it('do not wait for ever for a lot that hangs, nor does who asked in it', async () => {
    const hung = new Promise<void>(() => {});
    const together = new Together<number, number>(async (_, questions) => {
      if (questions.includes(1)) await hung;
      return questions.map((answer) => ({ answer }));
    }, 5);
    const first = together.ask('a', 1);
    const refused = expect(first).rejects.toMatchObject({ code: 'unavailable' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(await together.ask('a', 2)).toBe(2);
    await refused;
  });

  it('do not fail of one among them that the database cannot take', async () => {
    const poisoned = (lot: readonly number[]) => (lot.includes(14) ? new Error('bad text') : undefined);
    const { together, lots } = doubling(poisoned);
    const settled = await Promise.allSettled([2, 4, 14, 8, 10].map((n) => together.ask('a', n)));
    expect(settled.map((s) => (s.status === 'fulfilled' ? s.value : 'failed'))).toEqual([
      4,
      8,
      'failed',
      16,
      20,
    ]);
    expect(lots.length).toBeLessThanOrEqual(7);
  });

  it.each([
    ['a database that is away', Object.assign(new Error('away'), { code: 'ECONNREFUSED' })],
    ['what all of them have in common', new StrataError('unknown-run', 'There is no run a.', 'Look.')],
  ])('fail at once, all of them, of %s', async (_, error) => {
    const { together, lots } = doubling(() => error);
    const settled = await Promise.allSettled([2, 4, 6].map((n) => together.ask('a', n)));
    expect(settled.map((s) => s.status === 'rejected' && s.reason)).toEqual([error, error, error]);
    expect(lots).toHaveLength(1);
  });
});
