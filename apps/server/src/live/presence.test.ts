import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Presence } from './presence.ts';

describe('Presence', () => {
  const gone: string[] = [];
  let presence: Presence;
  beforeEach(() => {
    vi.useFakeTimers();
    gone.length = 0;
    presence = new Presence(1000, (run, client) => gone.push(`${run}/${client}`));
  });
  afterEach(() => {
    presence.close();
    vi.useRealTimers();
  });

  it('a client that comes back within the grace period was never gone', () => {
    presence.connect('r', 'c', 's1');
    expect(presence.disconnect('r', 'c', 's1')).toBe(true);
    expect(presence.state('r', 'c')).toBe('away');
    vi.advanceTimersByTime(999);
    presence.connect('r', 'c', 's2');
    vi.advanceTimersByTime(10_000);
    expect(presence.state('r', 'c')).toBe('connected');
    expect(gone).toEqual([]);
  });

  it('a client that stays away is gone, once', () => {
    presence.connect('r', 'c', 's1');
    presence.disconnect('r', 'c', 's1');
    vi.advanceTimersByTime(5000);
    expect(gone).toEqual(['r/c']);
    expect(presence.state('r', 'c')).toBe('left');
  });

  it('the end of an older connection does not matter to a newer one', () => {
    presence.connect('r', 'c', 'old');
    presence.connect('r', 'c', 'new');
    expect(presence.disconnect('r', 'c', 'old')).toBe(false);
    expect(presence.connected('r')).toEqual(['c']);
    expect(presence.connection('r', 'c')).toBe('new');
  });

  it('forgets a run without clients, and knows runs apart', () => {
    presence.connect('r1', 'c', 's');
    presence.connect('r2', 'c', 't');
    presence.remove('r1', 'c');
    expect(presence.state('r1', 'c')).toBe('left');
    expect(presence.state('r2', 'c')).toBe('connected');
  });
});
