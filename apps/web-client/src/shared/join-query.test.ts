import { describe, expect, it } from 'vitest';
import { joinQuery } from './join-query.ts';

describe('joinQuery', () => {
  it('reads the address of an unattended participant', () => {
    expect(
      joinQuery('?sample=emoji&shard=0&of=4&backend=wasm&seed=1&client=a-1&autostart=1&name=Ada'),
    ).toEqual({
      sample: 'emoji',
      shard: 0,
      of: 4,
      backend: 'wasm',
      seed: 1,
      client: 'a-1',
      autostart: true,
      name: 'Ada',
    });
  });

  it('is empty for a plain join link', () => {
    expect(joinQuery('')).toEqual({ autostart: false });
  });

  it('ignores what makes no sense', () => {
    const query = joinQuery(
      '?sample=cats&shard=-1&of=x&backend=cuda&seed=1.5&client=A%2Fb&autostart=no&other=1',
    );
    expect(Object.entries(query).filter(([, value]) => value !== undefined)).toEqual([['autostart', false]]);
  });
});
