import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeSafetensors, type NamedTensor } from '../../protocol/index.ts';
import { layoutOf } from '../architectures/index.ts';
import { specFromConfig } from '../config/spec-from-config.ts';
import { elements } from '../layout.ts';
import { fixtures } from '../testing/fixture.ts';
import { exportedTensors } from './export.ts';
import { importLayer } from './import.ts';
import { planImport } from './plan.ts';

/**
 * Folders made by transformers (experiments/oracles/architectures.py), three labels each. The sentence encoder has
 * none; MiniLM comes without a prefix and goes out with one.
 */
const folders = fixtures.filter((name) => !/use-lite|minilm/.test(name));

function open(folder: string) {
  const read = (file: string) => readFileSync(new URL(`../architectures/${folder}/${file}`, import.meta.url));
  const spec = specFromConfig(JSON.parse(read('config.json').toString()), { id: folder });
  return { spec, layout: layoutOf(spec, 3), tensors: decodeSafetensors(read('model.safetensors')).tensors };
}

const shapes = (tensors: readonly NamedTensor[]) => new Map(tensors.map((t) => [t.name, t.shape]));
const byName = (tensors: readonly NamedTensor[]) => tensors.toSorted((a, b) => (a.name < b.name ? -1 : 1));

async function imported(
  folder: string,
  change: (tensors: NamedTensor[]) => NamedTensor[],
  sameLabels = true,
) {
  const { spec, layout, tensors: original } = open(folder);
  const tensors = change(original);
  const values = new Map(tensors.map((t) => [t.name, t.data]));
  const plan = planImport(spec, layout, { available: shapes(tensors), sameLabels });
  const layers = await Promise.all(
    plan.map((layer) => importLayer(spec, layer, 1, async (name) => values.get(name)!)),
  );
  return layers.flat();
}

const unchanged = (tensors: NamedTensor[]) => tensors;
const renamed = (from: RegExp, to: string) => (tensors: NamedTensor[]) =>
  tensors.map((t) => ({ ...t, name: t.name.replace(from, to) }));

describe('a folder of the Hub', () => {
  it.each(folders)('%s comes in and goes out again, bit for bit under the same names', async (folder) => {
    const { spec, tensors } = open(folder);
    const out = (await imported(folder, unchanged)).flatMap((tensor) => {
      let at = 0;
      return exportedTensors(spec, tensor).map(({ name, shape }) => {
        const data = tensor.data.slice(at, at + elements(shape));
        at += data.length;
        return { name, shape, data };
      });
    });
    expect(byName(out)).toEqual(byName(tensors));
  });

  it.each([
    ['of the encoder alone', 'bert/fixtures/bert', renamed(/^bert\./, '')],
    [
      'converted from TensorFlow',
      'bert/fixtures/bert',
      (tensors: NamedTensor[]) =>
        renamed(
          /LayerNorm\.bias$/,
          'LayerNorm.beta',
        )(renamed(/LayerNorm\.weight$/, 'LayerNorm.gamma')(tensors)),
    ],
    ['of the bare GPT-2', 'gpt2/fixtures/next-token', renamed(/^transformer\./, '')],
    [
      'with tensors that the model does not use',
      'clip/fixtures/clip',
      (tensors: NamedTensor[]) => [...tensors, { name: 'logit_scale', shape: [], data: Float32Array.of(1) }],
    ],
  ])('may be one %s', async (_, folder, change) => {
    expect(await imported(folder, change)).toEqual(await imported(folder, unchanged));
  });

  it('brings its classifier only for its own labels', async () => {
    const [own, fresh] = [
      await imported('bert/fixtures/bert', unchanged, true),
      await imported('bert/fixtures/bert', unchanged, false),
    ];
    const differing = own.filter((t, i) => !t.data.every((v, k) => v === fresh[i]?.data[k]));
    expect(differing.map((t) => t.name)).toEqual(['classifier.weight', 'classifier.bias']);
    expect(fresh.find((t) => t.name === 'classifier.bias')?.data).toEqual(new Float32Array(3));
  });

  it('may lack the parts of the head that are drawn then', async () => {
    const without = (tensors: NamedTensor[]) => tensors.filter((t) => !/pooler|classifier/.test(t.name));
    const names = (await imported('bert/fixtures/bert', without)).map((t) => t.name);
    expect(names).toContain('bert.pooler.dense.weight');
  });

  it.each([
    ['vit/fixtures/vit', 'vit.encoder.layer.1.attention.attention.key.weight', 'blocks.1'],
    ['gpt2/fixtures/next-token', 'transformer.wte.weight', 'embed'],
    ['clip/fixtures/clip', 'visual_projection.weight', 'head'],
  ])('of %s without %s is refused by that name', async (folder, name, layer) => {
    const without = (tensors: NamedTensor[]) => tensors.filter((t) => t.name !== name);
    await expect(imported(folder, without)).rejects.toMatchObject({
      code: 'bad-model',
      message: `Tensor ${name} of layer ${layer} is missing.`,
    });
  });

  it('with a tensor of another shape is refused by its name', async () => {
    const name = 'vit.encoder.layer.0.attention.attention.value.weight';
    const turned = (tensors: NamedTensor[]) =>
      tensors.map((t) => (t.name === name ? { ...t, shape: [8, 32] } : t));
    await expect(imported('vit/fixtures/vit', turned)).rejects.toMatchObject({
      code: 'bad-model',
      message: `Tensor ${name} has the shape [8,32]; the model needs [16,16].`,
    });
  });
});
