import { describe, expect, it } from 'vitest';
import { forget, identityOf, type Memory, newMemory, recall, remember } from './memory.ts';

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

const places = (limit?: number) => ({ tab: storage(limit), browser: storage(limit) });
const past = {
  scores: { 'blocks.0': 1.5 },
  mask: ['blocks.0'],
  losses: [{ round: 1, loss: 2 }],
  accuracies: [],
  roundsDone: 1,
  bytesDown: 10,
  bytesUp: 5,
};

describe('the memory of a run', () => {
  it('survives a refresh, a run at a time', () => {
    const here = places();
    const memory: Memory = {
      ...newMemory(),
      joined: true,
      name: 'Ada',
      data: { kind: 'sample', sample: 'emoji', shard: 1, of: 4 },
      past,
    };
    remember('a', memory, here);
    expect(recall('a', undefined, here)).toEqual(memory);
    expect(identityOf(recall('b', undefined, here))).not.toEqual(identityOf(memory));
    expect(recall('a', 'demo-1', here)).toMatchObject({ client: 'demo-1', past: null });
    expect(recall('a', 'demo-1', here).secret).not.toBe(recall('a', 'demo-1', here).secret);
    forget('a', here);
    expect(identityOf(recall('a', undefined, here))).not.toEqual(identityOf(memory));
  });

  it('survives a closed tab: the same participant with what it did, asked again before it takes part', () => {
    const here = places();
    const memory: Memory = { ...newMemory(), joined: true, past };
    remember('a', memory, here);
    expect(recall('a', undefined, { ...here, tab: storage() })).toEqual({ ...memory, joined: false });
  });

  it('a second participant in a browser takes nothing from the first', () => {
    const first: Memory = { ...newMemory(), past };
    const here = places();
    remember('a', first, here);
    const other = { tab: storage(), browser: here.browser };
    const second: Memory = { ...newMemory(), joined: true };
    remember('a', second, other);
    expect(recall('a', undefined, other)).toEqual(second);
    expect(recall('a', undefined, { ...here, tab: storage() })).toMatchObject(identityOf(first));
  });

  it('starts anew when what is kept cannot be read', () => {
    for (const broken of ['{"client":"../../etc"', '{"client":"../../etc"}']) {
      const here = places();
      here.tab.setItem('strata-join-a', broken);
      expect(recall('a', undefined, here)).toMatchObject({ joined: false, data: null });
      expect(recall('a', undefined, here).client).toMatch(/^c-[0-9a-f]{12}$/);
    }
  });

  it('does without when the storage is full', () => {
    const here = places(10);
    remember('a', newMemory(), here);
    expect(here.tab.getItem('strata-join-a')).toBeNull();
  });
});
