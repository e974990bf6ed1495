import { describe, expect, it } from 'vitest';
import { SharedLock } from './shared-lock.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('SharedLock', () => {
  it('lets sharers in together and keeps the exclusive one apart from all', async () => {
    const lock = new SharedLock();
    let sharers = 0;
    let most = 0;
    let exclusive = 0;
    const share = () =>
      lock.shared(async () => {
        sharers++;
        most = Math.max(most, sharers);
        expect(exclusive).toBe(0);
        await turn();
        sharers--;
      });
    const exclude = () =>
      lock.exclusive(async () => {
        exclusive++;
        expect([exclusive, sharers]).toEqual([1, 0]);
        await turn();
        exclusive--;
      });
    await Promise.all([share(), share(), exclude(), exclude(), share(), share()]);
    expect(most).toBeGreaterThan(1);
    expect([sharers, exclusive]).toEqual([0, 0]);
  });

  it('is free again after a failure', async () => {
    const lock = new SharedLock();
    const fail = () => Promise.reject(new Error('no'));
    await expect(lock.exclusive(fail)).rejects.toThrow('no');
    await expect(lock.shared(fail)).rejects.toThrow('no');
    expect(await lock.exclusive(async () => 'in')).toBe('in');
  });
});
