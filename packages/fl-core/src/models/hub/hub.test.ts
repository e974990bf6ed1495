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

/** What files have beside the model: heads for something else, buffers, poolers that are not looked at. */
const unused = [
  ['clip/fixtures/clip', 'logit_scale'],
  ['clip/fixtures/clip', 'text_model.encoder.layers.0.mlp.fc1.weight'],
  ['clip/fixtures/patches', 'vision_model.post_layernorm.weight'],
  ['bert/fixtures/bert', 'cls.predictions.decoder.bias'],
  ['bert/fixtures/bert', 'bert.embeddings.position_ids'],
  ['roberta/fixtures/roberta', 'lm_head.layer_norm.weight'],
  ['roberta/fixtures/roberta', 'roberta.pooler.dense.weight'],
  ['distilbert/fixtures/distilbert', 'vocab_projector.bias'],
  ['gpt2/fixtures/next-token', 'transformer.h.1.attn.masked_bias'],
  ['gpt2/fixtures/classifier', 'lm_head.weight'],
  ['vit/fixtures/vit', 'vit.pooler.dense.bias'],
  ['vit/fixtures/deit', 'distillation_classifier.weight'],
] as const;

/** What makes another model of it. */
const additions = [
  ['bert/fixtures/bert', 'bert.encoder.layer.2.attention.self.query.weight'],
  ['bert/fixtures/bert', 'bert.encoder.layer.0.attention.self.query.lora_A.weight'],
  ['bert/fixtures/bert', 'bert.encoder.layer.0.attention.self.distance_embedding.weight'],
  ['roberta/fixtures/roberta', 'roberta.encoder.layer.0.crossattention.self.query.weight'],
  ['distilbert/fixtures/distilbert', 'distilbert.transformer.layer.0.adapter.weight'],
  ['gpt2/fixtures/next-token', 'transformer.h.0.crossattention.c_attn.weight'],
  ['gpt2/fixtures/next-token', 'transformer.wte.weight_scale'],
  ['vit/fixtures/vit', 'vit.encoder.layer.0.layer_scale1.lambda1'],
  ['vit/fixtures/vit', 'fc_norm.weight'],
  ['clip/fixtures/clip', 'vision_model.encoder.layers.0.self_attn.q_proj.lora_B.weight'],
  ['clip/fixtures/clip', 'visual_projection.bias'],
] as const;

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

  it.each<readonly [string, string, (tensors: NamedTensor[]) => NamedTensor[]]>([
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
      'of CLIP’s images alone, as transformers 5 writes it',
      'clip/fixtures/clip',
      renamed(/^vision_model\./, ''),
    ],
    ...unused.map(
      ([folder, name]) =>
        [
          `with ${name}, which changes nothing`,
          folder,
          (tensors: NamedTensor[]) => [...tensors, { name, shape: [], data: Float32Array.of(1) }],
        ] as const,
    ),
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
    ['clip/fixtures/clip', 'vision_model.post_layernorm.bias', 'head'],
  ])('of %s without %s is refused by that name', async (folder, name, layer) => {
    const without = (tensors: NamedTensor[]) => tensors.filter((t) => t.name !== name);
    await expect(imported(folder, without)).rejects.toMatchObject({
      code: 'bad-model',
      message: `Tensor ${name} of layer ${layer} is missing.`,
    });
  });

  it.each(additions)('of %s with %s is refused by that name', async (folder, name) => {
    const more = (tensors: NamedTensor[]) => [...tensors, { name, shape: [1], data: Float32Array.of(1) }];
    await expect(imported(folder, more)).rejects.toMatchObject({
      code: 'bad-model',
      message: expect.stringContaining(`Tensor ${name} is in the file, and not in the model`),
    });
  });

  it.each([
    ['bert/fixtures/bert', 'module.', 'bert.embeddings.word_embeddings.weight'],
    ['roberta/fixtures/roberta', '_orig_mod.', 'roberta.embeddings.word_embeddings.weight'],
    ['gpt2/fixtures/next-token', 'base_model.model.', 'transformer.wte.weight'],
    ['vit/fixtures/vit', 'model.', 'vit.embeddings.cls_token'],
    ['bert/fixtures/minilm', '0.auto_model.', 'embeddings.word_embeddings.weight'],
  ])('of %s with %s before every name is refused with the prefix', async (folder, prefix, name) => {
    await expect(imported(folder, renamed(/^/, prefix))).rejects.toMatchObject({
      code: 'bad-model',
      message: `Tensor ${name} is missing; the file has ${prefix}${name}: its names begin with "${prefix}".`,
      hint: expect.stringContaining(`removeprefix('${prefix}')`),
    });
  });

  it('of CLIP’s images without a projection draws one, and trains it with the head', async () => {
    const alone = (tensors: NamedTensor[]) =>
      renamed(/^vision_model\./, '')(tensors.filter((t) => !/projection|classifier/.test(t.name)));
    const tensors = await imported('clip/fixtures/clip', alone, false);
    const projection = tensors.find(({ name }) => name === 'visual_projection.weight');
    expect(projection?.data.some((v) => v !== 0)).toBe(true);
    const { tensors: original } = open('clip/fixtures/clip');
    const norm = 'vision_model.post_layernorm.weight';
    expect(tensors.find(({ name }) => name === norm)?.data).toEqual(
      original.find(({ name }) => name === norm)?.data,
    );
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
