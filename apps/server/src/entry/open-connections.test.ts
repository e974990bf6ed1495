import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Open, OpenConnections } from './open-connections.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Servers that tell each other, by a clock that the test moves; what each has told. */
function servers(count: number, most = 32) {
  const told: Open[][] = Array.from({ length: count }, () => []);
  const deaf = new Set<number>();
  const all: OpenConnections[] = told.map(
    (own, i) =>
      new OpenConnections(
        most,
        (open) => {
          own.push(...open);
          // as it goes over the wire
          const heard: Open[] = JSON.parse(JSON.stringify(open));
          for (const [j, other] of all.entries()) if (j !== i && !deaf.has(j)) other.hear(`n${i}`, heard);
        },
        () => Date.now(),
      ),
  );
  return { all, told, deaf };
}
const open = (at: OpenConnections, times: number, address = '1.2.3.4') =>
  Array.from({ length: times }, () => at.opened(address)).filter(Boolean).length;

it('an address has its most over all servers together, and again what it closes at one', () => {
  const { all } = servers(3);
  const [a, b, c] = all as [OpenConnections, OpenConnections, OpenConnections];
  expect(open(a, 20)).toBe(20);
  vi.advanceTimersByTime(150);
  expect(open(b, 20)).toBe(12);
  vi.advanceTimersByTime(150);
  expect(open(c, 1)).toBe(0);
  expect(c.isFull('1.2.3.4')).toBe(true);
  expect(open(c, 1, '5.6.7.8')).toBe(1);
  for (let i = 0; i < 5; i++) a.closed('1.2.3.4');
  vi.advanceTimersByTime(150);
  expect(open(c, 20)).toBe(5);
});

it('of addresses with a few connections nothing is told', () => {
  const { all, told } = servers(2);
  for (let i = 0; i < 1000; i++) open(all[0]!, 1, `10.0.${i >> 8}.${i & 255}`);
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual([[], []]);
  // two are a sixteenth of 32
  expect(open(all[0]!, 1, '10.0.0.0')).toBe(1);
  vi.advanceTimersByTime(150);
  expect(told[0]).toEqual([['10.0.0.0', 2]]);
  all[0]!.closed('10.0.0.0');
  vi.advanceTimersByTime(150);
  expect(told[0]?.at(-1)).toEqual(['10.0.0.0', 0]);
  const before = told[0]?.length;
  vi.advanceTimersByTime(60_000);
  expect(told[0]?.length).toBe(before);
});

it('who has missed it knows it from the next time, and of a server that is gone it is forgotten', () => {
  const { all, deaf } = servers(2);
  const [a, b] = all as [OpenConnections, OpenConnections];
  deaf.add(1);
  expect(open(a, 32)).toBe(32);
  vi.advanceTimersByTime(150);
  expect(b.isFull('1.2.3.4')).toBe(false);
  deaf.delete(1);
  vi.advanceTimersByTime(21_000);
  expect(b.isFull('1.2.3.4')).toBe(true);
  // it stays for as long as it is said again
  vi.advanceTimersByTime(300_000);
  expect(b.isFull('1.2.3.4')).toBe(true);
  deaf.add(1);
  vi.advanceTimersByTime(61_000);
  expect(b.isFull('1.2.3.4')).toBe(false);
});

it('a server that is alone tells nobody, has no timers, and its own most', () => {
  const alone = new OpenConnections(3);
  expect(open(alone, 5)).toBe(3);
  expect(vi.getTimerCount()).toBe(0);
});

it('what is told fits into a notification of PostgreSQL, whatever the addresses', () => {
  const lots: (readonly Open[])[] = [];
  const many = new OpenConnections(1_000_000, (told) => lots.push(told));
  const few = new OpenConnections(1, (told) => lots.push(told));
  for (let i = 0; i < 200; i++) few.opened(`2001:0db8:85a3:0000:0000:8a2e:0370:${i}/64`);
  many.opened('1.2.3.4');
  vi.advanceTimersByTime(150);
  expect(lots.flat()).toHaveLength(200);
  for (const told of lots) expect(JSON.stringify({ kind: 'open', open: told }).length).toBeLessThan(7_500);
});
