import { describe, expect, it } from 'vitest';
import type { ModelLayout } from '../models/layouts.ts';
import { bytesIfFull } from './bytes-if-full.ts';

/** Four bytes a parameter: embed 4000, blocks 800 and 1200, head 400; 2400 can be trained, the model is 6400. */
const layer = (name: string, role: 'embed' | 'block' | 'head', length: number) => ({
  name,
  role,
  tensors: [{ name: `${name}.weight`, shape: [length], init: { kind: 'zeros' as const }, decay: false }],
});
const layout = {
  layers: [
    layer('embed', 'embed', 1000),
    layer('a', 'block', 200),
    layer('b', 'block', 300),
    layer('head', 'head', 100),
  ],
} as unknown as ModelLayout;
const [model, trained] = [6400, 2400];

const evaluation = { loss: 1, accuracy: 0.5, samples: 4 };
const did = (bytesDown: number, more: { mask?: string[]; update?: null; evaluation?: null } = {}) => ({
  update: 'hash',
  mask: ['a'],
  evaluation,
  bytesDown,
  ...more,
});

describe('bytes had every layer been trained', () => {
  it('hold the whole model once for who is new, then the trained layers both ways', () => {
    // a and the head, 1200 bytes, come down as the candidate
    expect(bytesIfFull(layout, [did(model + 1200)])).toBe(model + 2 * trained);
    expect(bytesIfFull(layout, [did(1200)])).toBe(2 * trained);
    expect(bytesIfFull(layout, [did(model + 1200), did(1200)])).toBe(model + 4 * trained);
  });

  it('are those that were moved where every layer was', () => {
    const all = { mask: ['a', 'b'] };
    expect(bytesIfFull(layout, [did(model + trained, all), did(trained, all)])).toBe(
      model + trained + trained + 2 * trained,
    );
  });

  it('never hold the frozen layers again', () => {
    const rounds = [did(model + 1200), did(1200), did(1200)];
    const sum = rounds.reduce((n, round) => n + bytesIfFull(layout, [round]), 0);
    expect(sum).toBe(model + 6 * trained);
  });

  it('are all that can be trained for who had missed rounds', () => {
    expect(bytesIfFull(layout, [did(800 + 1200)])).toBe(3 * trained);
  });

  it('are as few as those of a member that did nothing', () => {
    expect(bytesIfFull(layout, [did(0, { update: null, evaluation: null })])).toBe(0);
    expect(bytesIfFull(layout, [did(model, { update: null, evaluation: null })])).toBe(model);
  });

  it('take no header of a file for a download', () => {
    expect(bytesIfFull(layout, [did(1200 + 20)])).toBe(2 * trained);
  });
});
