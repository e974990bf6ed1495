import type { ClientView } from '@strata/fl-core/protocol';
import { describe, expect, it } from 'vitest';
import { clientActivity, participants, presentCount, sortClients } from './clients.ts';

const client = (id: string, changes: Partial<ClientView> = {}): ClientView => ({
  id,
  site: '',
  name: '',
  presence: 'connected',
  paused: false,
  banned: false,
  awaitsApproval: false,
  device: { backend: 'wasm', reason: '', adapter: '', threads: 1 },
  samples: 10,
  heldOut: 2,
  joinedAt: 0,
  progress: null,
  ...changes,
});

describe('clientActivity', () => {
  const training = { round: 1, activity: 'training', fraction: 0.4 } as const;

  it('shows live progress', () => {
    expect(clientActivity(client('a', { progress: training }), false)).toEqual({
      label: 'training',
      fraction: 0.4,
      tone: 'busy',
    });
  });

  it('says who is banned', () => {
    const label = 'banned';
    expect(clientActivity(client('a', { presence: 'left', banned: true }), false).label).toBe(label);
    expect(clientActivity(client('a', { presence: 'left', banned: true }), true).label).toBe(label);
  });

  it('does not show old progress of a participant that is gone, lost or paused', () => {
    expect(clientActivity(client('a', { presence: 'left', progress: training }), false).label).toBe('left');
    expect(clientActivity(client('a', { presence: 'away', progress: training }), false).fraction).toBeNull();
    expect(clientActivity(client('a', { paused: true, progress: training }), false).label).toBe('paused');
  });
});

it('misses nobody when the run is over', () => {
  expect(clientActivity(client('a', { presence: 'away' }), true)).toEqual({
    label: 'left',
    fraction: null,
    tone: 'idle',
  });
  expect(clientActivity(client('a'), true).label).toBe('done');
});

describe('sortClients', () => {
  const all = [
    client('c', { presence: 'left' }),
    client('b', { joinedAt: 2, name: 'Ada' }),
    client('a', { joinedAt: 1 }),
    client('d', { presence: 'away' }),
  ];

  it('puts who is here first, in the order of joining', () => {
    expect(sortClients(all, '').map((c) => c.id)).toEqual(['a', 'b', 'd', 'c']);
  });

  it('finds by name and by id', () => {
    expect(sortClients(all, ' ada ').map((c) => c.id)).toEqual(['b']);
    expect(sortClients(all, 'D').map((c) => c.id)).toEqual(['b', 'd']);
  });
});

it('counts who is here without those who wait to be let in', () => {
  const clients = [client('a'), client('b', { awaitsApproval: true }), client('c', { presence: 'away' })];
  expect(presentCount({ clients: [...clients, client('d', { presence: 'left' })] })).toBe(2);
  expect(participants(clients).map((c) => c.id)).toEqual(['a', 'c']);
});
