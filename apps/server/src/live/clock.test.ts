import { expect, it } from 'vitest';
import { SteadyClock } from './clock.ts';

it('follows the wall clock ahead, and goes on at its own pace when that is set back', () => {
  let [wall, steady] = [1_800_000_000_000, 50];
  const clock = new SteadyClock(
    () => wall,
    () => steady,
  );
  const pass = (ms: number, jump = 0) => {
    steady += ms;
    wall += ms + jump;
    return clock.now();
  };
  expect(clock.now()).toBe(1_800_000_000_000);
  expect(pass(1000)).toBe(1_800_000_001_000);
  expect(pass(1000, -3_600_000)).toBe(1_800_000_002_000);
  expect(pass(1000)).toBe(1_800_000_003_000);
  expect(pass(1000, 7_200_000)).toBe(1_800_003_604_000);
  expect(pass(1000)).toBe(1_800_003_605_000);
});
