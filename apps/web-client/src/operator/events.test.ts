import type { RunEvent } from '@strata/fl-core/protocol';
import { describe, expect, it } from 'vitest';
import { filterEvents, maxEvents, mergeEvents } from './events.ts';

const event = (id: number, changes: Partial<RunEvent> = {}): RunEvent => ({
  id,
  at: id,
  level: 'info',
  kind: 'round-opened',
  message: `Round ${id} opened`,
  round: id,
  client: null,
  ...changes,
});

describe('mergeEvents', () => {
  it('orders by id and drops what came twice, as after a reconnection', () => {
    const merged = mergeEvents([event(1), event(3)], [event(3), event(2)]);
    expect(merged.map((e) => e.id)).toEqual([1, 2, 3]);
  });

  it('keeps the newest', () => {
    const merged = mergeEvents(
      [],
      Array.from({ length: maxEvents + 7 }, (_, i) => event(i)),
    );
    expect(merged).toHaveLength(maxEvents);
    expect(merged.at(-1)?.id).toBe(maxEvents + 6);
  });

  it('returns the same list when nothing came, so that nothing is drawn again', () => {
    const list = [event(1)];
    expect(mergeEvents(list, [])).toBe(list);
  });
});

describe('filterEvents', () => {
  const all = [event(1), event(2, { level: 'error', message: 'NaN in an update', client: 'c-7' })];

  it('is newest first', () => expect(filterEvents(all, 'info', '').map((e) => e.id)).toEqual([2, 1]));
  it('hides lower levels', () => expect(filterEvents(all, 'warning', '').map((e) => e.id)).toEqual([2]));
  it('finds every word, whatever the case', () => {
    expect(filterEvents(all, 'info', 'UPDATE c-7')).toHaveLength(1);
    expect(filterEvents(all, 'info', 'update c-8')).toHaveLength(0);
    expect(filterEvents(all, 'info', 'round 1')).toHaveLength(1);
  });
});
