import { afterAll, expect, it } from 'vitest';
import { ThreadPool } from './pool.ts';

const pool = new ThreadPool<number, { thread: number; answer: number }>(
  new URL('./testing-thread.ts', import.meta.url),
  { size: 2, restMs: 60_000 },
);
afterAll(() => pool.close());

it('answers every job, in no more threads than it may have', async () => {
  const answers = await Promise.all([1, 2, 3, 4, 5, 6].map((job) => pool.run(job)));
  expect(answers.map((a) => a.answer)).toEqual([1, 4, 9, 16, 25, 36]);
  expect(new Set(answers.map((a) => a.thread)).size).toBe(2);
});

it('says when a thread fails, and goes on with another one', async () => {
  const jobs = [-1, -1, -1, 2, 3].map((job) => pool.run(job));
  const settled = await Promise.allSettled(jobs);
  expect(settled.map((s) => s.status)).toEqual([
    'rejected',
    'rejected',
    'rejected',
    'fulfilled',
    'fulfilled',
  ]);
  await expect(pool.run(-1)).rejects.toThrow('negative');
  expect((await pool.run(7)).answer).toBe(49);
});
