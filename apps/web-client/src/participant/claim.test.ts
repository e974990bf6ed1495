import { describe, expect, it } from 'vitest';
import { claim } from './claim.ts';

/** As much of a browser's locks as is used: a lock is held until what was given it settles. */
function locks(): LockManager {
  const held = new Set<string>();
  const request = async (
    name: string,
    _options: LockOptions,
    use: (lock: Lock | null) => unknown,
  ): Promise<unknown> => {
    if (held.has(name)) return use(null);
    held.add(name);
    await use({ name, mode: 'exclusive' });
    held.delete(name);
  };
  return { request, query: async () => ({}) } as LockManager;
}

describe.each([
  ['with locks', () => ({ locks: locks(), Channel: undefined })],
  ['from plain http, where there are none', () => ({ locks: undefined, Channel: BroadcastChannel })],
])('a client of this browser, %s', (_how, means) => {
  it('is one tab’s at a time', async () => {
    const tabs = means();
    const first = await claim('c-1', tabs);
    expect(first).not.toBeNull();
    expect(await claim('c-1', tabs)).toBeNull();
    const other = await claim('c-2', tabs);
    expect(other).not.toBeNull();
    other?.release();
    first?.release();
    const next = await claim('c-1', tabs);
    expect(next).not.toBeNull();
    next?.release();
  });

  it('is one’s of two that ask at once', async () => {
    const tabs = means();
    const both = await Promise.all([claim('c-3', tabs), claim('c-3', tabs)]);
    expect(both.filter((held) => held !== null)).toHaveLength(1);
    for (const held of both) held?.release();
  });

  it('a page that is reloaded gets what the one before it lets go a moment later', async () => {
    const tabs = means();
    if (tabs.locks === undefined) return expect(tabs.Channel).toBeDefined(); // its channel ends with the page
    const before = await claim('c-4', tabs);
    setTimeout(() => before?.release(), 300);
    const after = await claim('c-4', tabs);
    expect(after).not.toBeNull();
    after?.release();
  });
});

it('where a browser has neither, nobody is kept out', async () => {
  expect(await claim('c-1', { locks: undefined, Channel: undefined })).not.toBeNull();
});
