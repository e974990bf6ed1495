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

  it('a client at another server is there, and one that has moved there is not gone from here', () => {
    const told: string[] = [];
    const guests = new Map<string, 'connected' | 'away'>();
    const here = new Presence(1000, (run, client) => gone.push(`${run}/${client}`), {
      state: (_run, client) => guests.get(client) ?? 'left',
      connected: () => [...guests].flatMap(([client, state]) => (state === 'connected' ? [client] : [])),
      progress: () => null,
      here: (run, client) => told.push(`here ${run} ${client}`),
      away: (run, client) => told.push(`away ${run} ${client}`),
      gone: (run, client) => told.push(`gone ${run} ${client}`),
      progressed: () => {},
    });
    here.connect('r', 'c', 's');
    guests.set('g', 'connected');
    expect([here.connected('r'), here.connectedHere('r')]).toEqual([['c', 'g'], ['c']]);
    expect(here.state('r', 'g')).toBe('connected');
    here.disconnect('r', 'c', 's');
    expect(here.state('r', 'c')).toBe('away');
    guests.set('c', 'connected');
    expect(here.moved('r', 'c')).toBeNull();
    vi.advanceTimersByTime(5000);
    expect([gone, here.state('r', 'c')]).toEqual([[], 'connected']);
    // One that still had a connection here: it is closed, and who has the client now is not told that it is gone.
    here.connect('r', 'd', 't');
    expect(here.moved('r', 'd')).toBe('t');
    expect(told).toEqual(['here r c', 'away r c', 'here r d']);
    here.close();
  });
});
