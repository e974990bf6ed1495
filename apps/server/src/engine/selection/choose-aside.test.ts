import { random } from '@strata/fl-core/random';
import { type Choice, choose } from '@strata/fl-core/rounds';
import { expect, it } from 'vitest';
import { chooseAside } from './choose-aside.ts';

/** Too large for the server's own thread. */
const [count, depth] = [60, 24];
const draws = random('choose-aside');
const large: Choice = {
  strategy: { name: 'strata', lambda: 1, lambdaScale: 'relative', score: 'squared-norm' },
  input: {
    layers: Array.from({ length: depth }, (_, l) => `l${l}`),
    costs: new Array<number>(depth).fill(1),
    clients: Array.from({ length: count }, (_, i) => ({
      id: `c${i}`,
      samples: 1,
      budget: 1 + draws.below(4),
      scores: Array.from({ length: depth }, () => draws.uniform()),
    })),
    round: 1,
    seed: 1,
  },
  history: null,
};

it('gives the same masks in a thread, and leaves the server free meanwhile', async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const chosen = await chooseAside(large);
  clearInterval(timer);
  expect(turns).toBeGreaterThan(0); // nothing runs in between when it is solved here
  expect(chosen).toEqual(choose(large));
});

it('refuses a bad input as it does here', async () => {
  const twice = { ...large.input, layers: large.input.layers.map(() => 'same') };
  await expect(chooseAside({ ...large, input: twice })).rejects.toMatchObject({
    name: 'StrataError',
    code: 'bad-layers',
    hint: 'Give every layer its own name.',
  });
});
