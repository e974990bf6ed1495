import { describe, expect, it } from 'vitest';
import type { LayerSpec } from '../models/layouts.ts';
import { AggregationConfig, decodeSafetensors, encodeSafetensors } from '../protocol/index.ts';
import { stepLayer } from './layer-step.ts';

const layer: LayerSpec = {
  name: 'l',
  role: 'block',
  tensors: [
    { name: 'l.weight', shape: [1, 2] },
    { name: 'l.bias', shape: [1] },
  ],
};
const weightsOf = (w: readonly number[]) =>
  encodeSafetensors([
    { name: 'l.weight', shape: [1, 2], data: Float32Array.from(w.slice(0, 2)) },
    { name: 'l.bias', shape: [1], data: Float32Array.from(w.slice(2)) },
  ]);
const valuesOf = (blob: Uint8Array) => decodeSafetensors(blob).tensors.flatMap((t) => [...t.data]);
const update = (client: string, samples: number, change: readonly number[]) => ({
  client,
  samples,
  length: 4,
  read: (offset: number, length: number) => Float32Array.from(change).subarray(offset, offset + length),
});
const plain = AggregationConfig.parse({ rule: { name: 'mean' } });

describe('a step of a layer', () => {
  const before = weightsOf([3, 0, 4]);
  const updates = [update('a', 1, [4, 0, 0]), update('b', 3, [0, 0, 4])];

  it('is the mean of those who trained it, shorter by their share where that is wanted', async () => {
    // The mean is (1, 0, 3); a quarter of the cohort is behind it.
    const by = async (participation: AggregationConfig['participation']) =>
      valuesOf(
        (
          await stepLayer({ ...plain, participation }, layer, before, null, updates, {
            share: 0.25,
            recycles: false,
            noising: null,
          })
        ).weights,
      );
    expect(await by('none')).toEqual([4, 0, 7]);
    expect(await by('share')).toEqual([3.25, 0, 4.75]);
    expect((await by('harmonic')).map((v) => Math.round(1e6 * v))).toEqual([3_400_000, 0, 5_200_000]);
  });

  it('keeps nothing by FedAvg, and where changes are recycled the change and its relative length', async () => {
    const step = (recycles: boolean) =>
      stepLayer(plain, layer, before, null, updates, { share: 1, recycles, noising: null });
    expect(await step(false)).toMatchObject({ state: null, relativeChange: null });
    const { state, relativeChange } = await step(true);
    expect(decodeSafetensors(state!).tensors.map((t) => [t.name, [...t.data]])).toEqual([
      ['change', [1, 0, 3]],
    ]);
    expect(relativeChange).toBeCloseTo(Math.sqrt(10) / 5, 6);
  });

  it('without updates makes the last change once more, over and over, and keeps it as it is', async () => {
    const options = { share: 0, recycles: true, noising: null };
    const first = await stepLayer(plain, layer, before, null, updates, {
      share: 1,
      recycles: true,
      noising: null,
    });
    const second = await stepLayer(plain, layer, first.weights, first.state, [], options);
    expect(valuesOf(second.weights)).toEqual([5, 0, 10]);
    const third = await stepLayer(plain, layer, second.weights, second.state, [], options);
    expect(valuesOf(third.weights)).toEqual([6, 0, 13]);
    expect([second.state, third.state]).toEqual([first.state, first.state]);
    expect([second.relativeChange, third.relativeChange]).toEqual([null, null]);
  });

  it('without updates leaves a layer that never changed', async () => {
    const step = await stepLayer(plain, layer, before, null, [], { share: 0, recycles: true, noising: null });
    expect(step).toEqual({ weights: before, state: null, relativeChange: null });
  });

  it('keeps the moments of a server optimizer beside the change, and goes on from them', async () => {
    const config = AggregationConfig.parse({ rule: { name: 'mean' }, optimizer: { name: 'fedavgm' } });
    const options = { share: 1, recycles: true, noising: null };
    const first = await stepLayer(config, layer, before, null, updates, options);
    const second = await stepLayer(config, layer, first.weights, first.state, updates, options);
    expect(decodeSafetensors(second.state!).tensors.map((t) => t.name)).toEqual(['m', 'change']);
    const bare = { share: 1, recycles: false, noising: null };
    const other = await stepLayer(config, layer, before, null, updates, bare);
    const otherTwice = await stepLayer(config, layer, other.weights, other.state, updates, bare);
    expect(valuesOf(second.weights)).toEqual(valuesOf(otherTwice.weights));
  });

  it('refuses a repeated change that float32 cannot hold', async () => {
    const huge = weightsOf([3e38, 0, 0]);
    const state = encodeSafetensors([{ name: 'change', shape: [3], data: Float32Array.of(3e38, 0, 0) }]);
    await expect(
      stepLayer(plain, layer, huge, state, [], { share: 0, recycles: true, noising: null }),
    ).rejects.toMatchObject({ code: 'non-finite' });
  });
});
