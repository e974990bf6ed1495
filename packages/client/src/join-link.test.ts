import { expect, it } from 'vitest';
import { joinPath, keyInFragment } from './join-link.ts';

it('the secret of a join link stands where no server sees it', () => {
  const path = joinPath({ run: 'run-1', key: 'a-key' }, { sample: 'emoji', name: 'Ada & Co' });
  expect(path).toBe('/join/run-1?sample=emoji&name=Ada+%26+Co#a-key');
  const url = new URL(path, 'https://strata.example');
  expect(url.pathname + url.search).not.toContain('a-key');
  expect(keyInFragment(url.hash)).toBe('a-key');
});

it('a listed run needs none', () => {
  expect(joinPath({ run: 'run-1', key: null })).toBe('/join/run-1');
  expect(keyInFragment('')).toBeNull();
});
