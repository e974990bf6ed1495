import { expect, it } from 'vitest';
import { demoName, freeShards, shardCount } from './shards.ts';

it('hands out the lowest free shards, never one twice', () => {
  expect(freeShards([], 3)).toEqual([0, 1, 2]);
  expect(freeShards([0, 2], 2)).toEqual([1, 3]);
});

it('stops when all are taken', () => {
  expect(freeShards([0, 1, 2, 3, 4, 5], 5)).toEqual([6, 7]);
  expect(freeShards([], 0)).toEqual([]);
});

it('names every shard differently', () => {
  expect(new Set(Array.from({ length: shardCount }, (_, i) => demoName(i))).size).toBe(shardCount);
});
