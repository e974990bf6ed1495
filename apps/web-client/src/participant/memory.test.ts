import { describe, expect, it } from 'vitest';
import { forget, identityOf, type Memory, recall, remember } from './memory.ts';

/** As much of `Storage` as a browser gives. */
function storage(limit = Number.POSITIVE_INFINITY) {
  const items = new Map<string, string>();
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem(key: string, value: string) {
      if (value.length > limit) throw new DOMException('full', 'QuotaExceededError');
      items.set(key, value);
    },
    removeItem: (key: string) => void items.delete(key),
  };
}

describe('a tab’s memory of a run', () => {
  it('survives a refresh, a run at a time', () => {
    const tab = storage();
    const memory: Memory = {
      ...recall('a', tab),
      joined: true,
      name: 'Ada',
      data: { kind: 'sample', sample: 'emoji', shard: 1, of: 4 },
      past: {
        scores: { 'blocks.0': 1.5 },
        mask: ['blocks.0'],
        losses: [{ round: 1, loss: 2 }],
        accuracies: [],
        roundsDone: 1,
        bytesDown: 10,
        bytesUp: 5,
      },
    };
    remember('a', memory, tab);
    expect(recall('a', tab)).toEqual(memory);
    expect(identityOf(recall('b', tab))).not.toEqual(identityOf(memory));
    forget('a', tab);
    expect(recall('a', tab).joined).toBe(false);
    expect(recall('c', tab, 'demo-1').client).toBe('demo-1');
    expect(recall('a', tab, 'demo-1').secret).not.toBe(recall('a', tab, 'demo-1').secret);
  });

  it('starts anew when what is kept cannot be read', () => {
    const tab = storage();
    tab.setItem('strata-join-a', '{"client":"../../etc"');
    expect(recall('a', tab)).toMatchObject({ joined: false, data: null });
    tab.setItem('strata-join-a', '{"client":"../../etc"}');
    expect(recall('a', tab).client).toMatch(/^c-[0-9a-f]{12}$/);
  });

  it('does without when the storage is full', () => {
    const tab = storage(10);
    remember('a', recall('a', tab), tab);
    expect(tab.getItem('strata-join-a')).toBeNull();
  });
});
