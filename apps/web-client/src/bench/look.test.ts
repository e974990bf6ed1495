import { describe, expect, it } from 'vitest';
import { suggestedSize, withoutWebGpu } from './look.ts';

const card = { software: false, maxStorageBufferBindingSize: 2 ** 31, memory: 8 };

describe('suggestedSize', () => {
  it.each([
    ['a graphics card', card, 'card'],
    ['a browser that keeps the memory to itself', { ...card, memory: undefined }, 'card'],
    ['a program on the processor', { ...card, software: true }, 'small'],
    ["WebGPU's default limits", { ...card, maxStorageBufferBindingSize: 2 ** 27 }, 'small'],
    ['a phone with little memory', { ...card, memory: 2 }, 'small'],
  ])('for %s', (_, capacity, size) => expect(suggestedSize(capacity).size).toBe(size));
});

describe('withoutWebGpu', () => {
  it('blames the connection where it is that', () => {
    expect(withoutWebGpu(false)).toMatchObject({ code: 'unavailable' });
    expect(withoutWebGpu(false).hint).toContain('https');
    expect(withoutWebGpu(true).hint).toContain('Chrome');
  });
});
