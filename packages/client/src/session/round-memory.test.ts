import { expect, it } from 'vitest';
import { RoundMemory } from './round-memory.ts';

const answer = {
  kind: 'evaluate',
  message: { round: 1, loss: 0, accuracy: 0, samples: 0 },
} as const;

it('keeps answers and counts through one round and no longer', () => {
  const memory = new RoundMemory();
  memory.enter(1);
  memory.keep('a', answer);
  memory.tries('a').failed++;
  memory.enter(1);
  expect(memory.answer('a')).toBe(answer);
  expect(memory.tries('a')).toEqual({ begun: 0, failed: 1 });
  memory.enter(2);
  expect(memory.answer('a')).toBeUndefined();
  expect(memory.tries('a')).toEqual({ begun: 0, failed: 0 });
});
