import { signInProblems } from '@strata/fl-core/protocol';
import { expect, it } from 'vitest';
import { signInProblem } from './sign-in.ts';

it('says why somebody who came back is not in, each with a remedy, and of anything else nothing', () => {
  const said = signInProblems.map((problem) => signInProblem(`?sign-in=${problem}`));
  expect(said.map((error) => error?.code)).toEqual([
    'unauthorized',
    'forbidden',
    'wrong-state',
    'rate-limited',
    'unavailable',
  ]);
  expect(new Set(said.map((error) => error?.message)).size).toBe(5);
  for (const search of ['', '?sign-in=', '?sign-in=<b>', '?sign-in=toString', '?other=refused'])
    expect(signInProblem(search)).toBeNull();
});
