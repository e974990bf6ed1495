import { describe, expect, it } from 'vitest';
import {
  alwaysTrained,
  catalog,
  elements,
  initialLayer,
  layoutOf,
  parameterCount,
  selectableLayers,
} from './layouts.ts';

const all = Object.values(catalog);

describe('layoutOf', () => {
  it('makes attention and feed-forward of the sentence encoder layers of their own', () => {
    const layout = layoutOf(catalog['use-lite'], 7);
    expect(layout.layers.map((l) => l.name)).toEqual([
      'embed',
      'block0.attention',
      'block0.feedforward',
      'block1.attention',
      'block1.feedforward',
      'pooling',
      'head',
    ]);
    expect(alwaysTrained(layout)).toEqual(['head']);
    // 6,975,872 parameters as published (data/use-lite/SOURCES.md), its 128 position frequencies among them.
    const encoder = layout.layers.filter((l) => l.name !== 'head').reduce((n, l) => n + parameterCount(l), 0);
    expect(encoder).toBe(6_975_872);
  });

  it('makes the 12 blocks of DeiT-tiny selectable', () => {
    const layout = layoutOf(catalog['deit-tiny'], 1000);
    expect(selectableLayers(layout)).toEqual(Array.from({ length: 12 }, (_, i) => `blocks.${i}`));
    // 5,717,416 parameters as published (data/deit-tiny/SOURCES.md).
    expect(layout.layers.reduce((n, l) => n + parameterCount(l), 0)).toBe(5_717_416);
  });

  it.each(all)('names every tensor of $id once', (spec) => {
    const names = layoutOf(spec, 3).layers.flatMap((l) => l.tensors.map((t) => t.name));
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('initialLayer', () => {
  const spec = catalog['vit-nano'];
  const layout = layoutOf(spec, 5);

  it('draws the same numbers from the same seed and others from another (R11)', () => {
    const draw = (seed: number) => initialLayer(spec, layout, 'blocks.0', seed);
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('begins a classifier at zero, behind a norm of ones, and draws what is below it', () => {
    const head = new Map(initialLayer(spec, layout, 'head', 3).map((t) => [t.name, t.data]));
    expect([...head.keys()]).toEqual(['norm.weight', 'norm.bias', 'head.weight', 'head.bias']);
    expect(head.get('norm.weight')?.every((v) => v === 1)).toBe(true);
    for (const name of ['norm.bias', 'head.weight', 'head.bias']) {
      expect(
        head.get(name)?.every((v) => v === 0),
        name,
      ).toBe(true);
    }
    const weight = initialLayer(spec, layout, 'blocks.0', 3).find((t) => t.name.endsWith('fc1.weight'))!.data;
    const mean = weight.reduce((a, v) => a + v, 0) / weight.length;
    const std = Math.sqrt(weight.reduce((a, v) => a + (v - mean) ** 2, 0) / weight.length);
    expect(Math.abs(mean)).toBeLessThan(0.01);
    expect(std).toBeCloseTo(1 / Math.sqrt(spec.dim), 2);
  });

  it.each(all)('fills every shape of $id', (spec) => {
    const layout = layoutOf(spec, 3);
    for (const layer of layout.layers.filter((l) => parameterCount(l) < 2_000_000)) {
      for (const tensor of initialLayer(spec, layout, layer.name, 1)) {
        expect(tensor.data.length, tensor.name).toBe(elements(tensor.shape));
        expect(
          tensor.data.every((v) => Number.isFinite(v)),
          tensor.name,
        ).toBe(true);
      }
    }
  });

  it('refuses a layer that the model does not have', () => {
    expect(() => initialLayer(spec, layout, 'blocks.99', 1)).toThrow(/no layer blocks.99/);
  });
});
