import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { Buckets } from '../live/limiter.ts';
import { Allowance, type Taken } from './allowance.ts';

const limits = { participantsPerAddress: 40, clientsPerRun: 100 };

/** Servers that tell each other what they have counted. */
function servers(count: number): Allowance[] {
  const all: Allowance[] = [];
  for (let own = 0; own < count; own++) {
    // As it goes over the wire.
    const tell = (taken: readonly Taken[]) => {
      const told: readonly Taken[] = JSON.parse(JSON.stringify(taken));
      for (const [i, other] of all.entries()) if (i !== own) other.hear(told);
    };
    all.push(new Allowance(limits, tell));
  }
  return all;
}

const isAllowed = (ask: () => void): boolean => {
  try {
    ask();
    return true;
  } catch {
    return false;
  }
};

it('wrong passwords at one server count at the other, and a right one is given back at both', async () => {
  const [a, b] = servers(2) as [Allowance, Allowance];
  const tries = (at: Allowance, times: number) =>
    Array.from({ length: times }, () => isAllowed(() => at.password('1.2.3.4', 'ada'))).filter(Boolean)
      .length;
  expect(tries(a, 6)).toBe(6);
  await sleep(200);
  expect(tries(b, 20)).toBe(4);
  await sleep(200);
  expect(tries(a, 20)).toBe(0);
  a.rightPassword('1.2.3.4', 'ada');
  await sleep(200);
  expect(tries(b, 20)).toBe(1);
  expect(isAllowed(() => b.password('5.6.7.8', 'ada'))).toBe(true);
});

it('a server that is alone tells nobody, and has no timers', () => {
  vi.useFakeTimers();
  try {
    const alone = new Allowance(limits);
    alone.handshake('1.2.3.4');
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

it('what is told fits into a notification of PostgreSQL, whatever the keys', async () => {
  const told: (readonly Taken[])[] = [];
  const allowance = new Allowance(limits, (taken) => told.push(taken));
  const long = (of: string, i: number) => `${of}${i}`.padEnd(64, 'x');
  for (let i = 0; i < 50; i++) {
    allowance.connect(`2001:db8::${i}`, long('run', 0), long('client', i));
    allowance.register(`2001:db8::${i}`, long('run', 0));
  }
  await vi.waitFor(() => expect(told.flat()).toHaveLength(50 * 3 + 2));
  for (const taken of told) expect(JSON.stringify({ kind: 'taken', taken }).length).toBeLessThan(7_500);
  expect(
    told.flat().filter(([kind, , count]) => kind === 'connections of a run' && count === 50),
  ).toHaveLength(1);
});

it('in the long run several buckets that hear of each other let through what one does', () => {
  const event = fc.record({ at: fc.nat(1), wait: fc.nat(400) });
  fc.assert(
    fc.property(fc.array(event, { minLength: 50, maxLength: 400 }), (events) => {
      const rate = { burst: 5, perSecond: 2 };
      const all: Buckets[] = [0, 1].map(
        (own) => new Buckets(rate, (key, count) => all[1 - own]?.hear(key, count, now)),
      );
      let now = 0;
      let through = 0;
      for (const { at, wait } of events) {
        now += wait;
        if (all[at]?.take('key', now)) through++;
      }
      expect(through).toBeLessThanOrEqual(rate.burst + (rate.perSecond * now) / 1000 + 1e-6);
    }),
  );
});
