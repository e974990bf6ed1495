import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { alwaysTrained, layerBytes, layoutOf, selectableLayers } from '../layouts.ts';
import { specFromConfig } from './spec-from-config.ts';

const fixture = (folder: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`../architectures/${folder}/config.json`, import.meta.url), 'utf8'));
const bert = fixture('bert/fixtures/bert');
const vit = fixture('vit/fixtures/vit');

/** Sizes as published: https://huggingface.co/FacebookAI/xlm-roberta-base and openai/clip-vit-base-patch32. */
const xlmRobertaBase = {
  ...fixture('roberta/fixtures/xlm-roberta'),
  vocab_size: 250_002,
  hidden_size: 768,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  intermediate_size: 3072,
  max_position_embeddings: 514,
  layer_norm_eps: 1e-5,
};

const count = (
  spec: ReturnType<typeof specFromConfig>,
  classes: number,
  roles = ['embed', 'block', 'head'],
) =>
  layoutOf(spec, classes)
    .layers.filter((l) => roles.includes(l.role))
    .reduce((sum, l) => sum + layerBytes(l) / 4, 0);

describe('specFromConfig', () => {
  it('reads XLM-RoBERTa-base: 278 million parameters and a head', () => {
    const spec = specFromConfig(xlmRobertaBase, { id: 'FacebookAI/xlm-roberta-base' });
    expect(spec).toMatchObject({ architecture: 'roberta', maxTokens: 512, padToken: 1, layerNormEps: 1e-5 });
    // transformers: XLMRobertaModel(config, add_pooling_layer=False).num_parameters()
    expect(count(spec, 2, ['embed', 'block'])).toBe(277_453_056);
    expect(selectableLayers(layoutOf(spec, 2))).toHaveLength(12);
  });

  it('reads the image half of CLIP ViT-B/32 where only a whole CLIP is given, defaults left out', () => {
    const config = { model_type: 'clip', projection_dim: 512, vision_config: { dropout: 0 } };
    const spec = specFromConfig(config, { id: 'openai/clip-vit-base-patch32' });
    expect(spec).toMatchObject({ architecture: 'clip', patch: 32, depth: 12, activation: 'quick-gelu' });
    // transformers: CLIPVisionModelWithProjection(CLIPVisionConfig()).num_parameters() is 87,849,216.
    expect(count(spec, 10)).toBe(87_849_216 + 10 * 513);
    const { layers } = layoutOf(spec, 10);
    expect(layers.find((l) => l.role === 'embed')?.tensors.map((t) => t.name)).toContain(
      'vision_model.embeddings.class_embedding',
    );
    const head = layers.find((l) => l.name === 'head')?.tensors.map((t) => t.name);
    expect(head).toEqual([
      'vision_model.post_layernorm.weight',
      'vision_model.post_layernorm.bias',
      'visual_projection.weight',
      'classifier.weight',
      'classifier.bias',
    ]);
    expect(alwaysTrained(layoutOf(spec, 10))).toEqual(['head']);
  });

  it('takes colours from the preprocessor, or from the architecture', () => {
    const read = (preprocessor?: unknown) => specFromConfig(vit, { id: 'vit', preprocessor });
    expect(read()).toMatchObject({ mean: [0.5, 0.5, 0.5] });
    expect(read({ image_mean: [0.1, 0.2, 0.3], image_std: [1, 2, 3] })).toMatchObject({
      mean: [0.1, 0.2, 0.3],
      std: [1, 2, 3],
    });
    expect(read({ do_normalize: false })).toMatchObject({ mean: [0, 0, 0], std: [1, 1, 1] });
    expect(specFromConfig(fixture('vit/fixtures/deit'), { id: 'deit' })).toMatchObject({
      mean: [0.485, 0.456, 0.406],
      tokens: 'class-and-distillation',
    });
  });

  /** What ViTImageProcessor of transformers 5.24 makes of a byte of 100. */
  it.each<[object, number]>([
    [{ image_mean: 0.5, image_std: 0.5 }, -0.2157],
    [{ image_mean: [0.5], image_std: [0.5] }, -0.2157],
    [{ do_rescale: false, rescale_factor: 0.1 }, 199],
    [{ do_rescale: null }, 199],
    [{ do_rescale: false, image_mean: [127.5, 127.5, 127.5], image_std: [127.5, 127.5, 127.5] }, -0.2157],
    [{ rescale_factor: 1 / 127.5, image_mean: [1, 1, 1], image_std: [1, 1, 1] }, -0.2157],
    [{ do_normalize: null }, 0.3922],
    [{ do_normalize: false, rescale_factor: 1 / 127.5 }, 0.7843],
    [{ do_normalize: false, do_rescale: false }, 100],
    [{ do_resize: false, size: 224, crop_size: { height: 8, width: 8 }, resample: 3 }, -0.2157],
  ])('takes pixels as Python does: %o', (preprocessor, wanted) => {
    const spec = specFromConfig(vit, { id: 'vit', preprocessor });
    if (spec.kind !== 'image' || spec.architecture === 'layers-model') throw new Error('not images');
    const [mean, std] = [spec.mean[0], spec.std[0]];
    expect((100 / 255 - mean) / std).toBeCloseTo(wanted, 4);
  });

  it('keeps published colours to the last bit', () => {
    const { mean, std } = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
    const preprocessor = {
      do_rescale: true,
      rescale_factor: 0.00392156862745098,
      image_mean: mean,
      image_std: std,
    };
    expect(specFromConfig(vit, { id: 'vit', preprocessor })).toMatchObject({ mean, std });
  });

  it.each<[object, RegExp]>([
    [{ rescale_factor: 0 }, /rescale_factor/],
    [{ rescale_factor: null }, /rescale_factor/],
    [{ do_rescale: 'no' }, /do_rescale/],
    [{ image_mean: null }, /image_mean/],
    [{ image_mean: [0.1, 0.2] }, /image_mean: must have one number a channel/],
    [{ image_mean: [0, 0, 0, 0] }, /image_mean/],
    [{ image_std: [1, 0, 1] }, /image_std/],
    [{ image_std: 0 }, /image_std/],
    [{ rescale_offset: true }, /rescale_offset: only false is supported/],
    [{ do_flip_channel_order: true }, /do_flip_channel_order/],
  ])('refuses what Python refuses, or what is not built, by file and field: %o', (preprocessor, message) => {
    expect(() => specFromConfig(vit, { id: 'vit', preprocessor })).toThrow(
      expect.objectContaining({
        code: 'bad-model',
        message: expect.stringMatching(/has a preprocessor_config\.json that cannot be used/),
      }),
    );
    expect(() => specFromConfig(vit, { id: 'vit', preprocessor })).toThrow(message);
  });

  /** Fields that transformers reads, and that would change what a model answers. */
  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['bert', bert, { quantization_config: { quant_method: 'bitsandbytes', load_in_8bit: true } }],
    ['bert', bert, { auto_map: { AutoModel: 'owner/code--modeling.Odd' } }],
    ['bert', bert, { pruned_heads: { 0: [1] } }],
    ['bert', bert, { is_decoder: true }],
    ['bert', bert, { is_encoder_decoder: true }],
    ['bert', bert, { add_cross_attention: true }],
    ['bert', bert, { position_embedding_type: 'relative_key' }],
    ['bert', bert, { hidden_act: 'silu' }],
    ['bert', bert, { layer_norm_eps: 0 }],
    ['bert', bert, { type_vocab_size: 0 }],
    ['distilbert', fixture('distilbert/fixtures/distilbert'), { activation: 'swish' }],
    ['distilbert', fixture('distilbert/fixtures/distilbert'), { num_hidden_layers: 1 }],
    ['bert', bert, { pad_token_id: 50 }],
    ['roberta', fixture('roberta/fixtures/roberta'), { pad_token_id: 50 }],
    ['distilbert', fixture('distilbert/fixtures/distilbert'), { pad_token_id: 50 }],
    ['gpt2', fixture('gpt2/fixtures/classifier'), { pad_token_id: 50 }],
    ['gpt2', fixture('gpt2/fixtures/classifier'), { scale_attn_weights: false }],
    ['gpt2', fixture('gpt2/fixtures/classifier'), { scale_attn_by_inverse_layer_idx: true }],
    ['gpt2', fixture('gpt2/fixtures/classifier'), { tie_word_embeddings: false }],
    ['gpt2', fixture('gpt2/fixtures/classifier'), { num_attention_heads: 4 }],
    ['vit', vit, { qkv_bias: false }],
    ['vit', vit, { head_dim: 4 }],
    ['vit', vit, { use_mean_pooling: true }],
    ['vit', vit, { num_channels: 1 }],
    ['vit', vit, { image_size: [16, 32] }],
    ['clip', fixture('clip/fixtures/patches'), { vision_config_dict: { hidden_size: 8 } }],
    ['clip', fixture('clip/fixtures/clip'), { hidden_act: 'mish' }],
    ['clip', fixture('clip/fixtures/clip'), { quantization_config: { bits: 4 } }],
  ])('refuses a field of %s that is not built, by its name', (_, config, change) => {
    const [field = ''] = Object.keys(change);
    expect(() => specFromConfig({ ...config, ...change }, { id: 'odd' })).toThrow(
      expect.objectContaining({ code: 'bad-model', message: expect.stringContaining(field) }),
    );
  });

  it('takes fields that change nothing, and sides as a list of two', () => {
    const same = specFromConfig(vit, { id: 'vit' });
    const more = { image_size: [16, 16], patch_size: [8, 8], pruned_heads: {}, quantization_config: null };
    expect(specFromConfig({ ...vit, ...more, encoder_stride: 2, pooler_act: 'relu' }, { id: 'vit' })).toEqual(
      same,
    );
    const aliased = { ...fixture('gpt2/fixtures/classifier'), num_hidden_layers: 2 };
    expect(() => specFromConfig(aliased, { id: 'gpt2' })).not.toThrow();
  });

  it('classifies from CLIP’s patches where the file does', () => {
    expect(specFromConfig(fixture('clip/fixtures/patches'), { id: 'clip' })).toMatchObject({
      classified: { from: 'patches' },
    });
    expect(specFromConfig(fixture('clip/fixtures/clip'), { id: 'clip' })).toMatchObject({
      classified: { from: 'embedding', projection: 10 },
    });
  });

  it('divides blocks into attention and feed-forward when asked to', () => {
    const blocks = (granularity: 'block' | 'sublayer') =>
      selectableLayers(layoutOf(specFromConfig(bert, { id: 'bert', granularity }), 3));
    expect(blocks('block')).toEqual(['blocks.0', 'blocks.1']);
    expect(blocks('sublayer')).toEqual([
      'blocks.0.attention',
      'blocks.0.feedforward',
      'blocks.1.attention',
      'blocks.1.feedforward',
    ]);
  });

  it('predicts the next token with GPT-2 unless it was saved as a classifier', () => {
    expect(specFromConfig(fixture('gpt2/fixtures/next-token'), { id: 'gpt2' })).toMatchObject({
      head: 'next-token',
      mlp: 64,
    });
    expect(specFromConfig(fixture('gpt2/fixtures/classifier'), { id: 'gpt2' })).toMatchObject({
      head: 'classification',
    });
  });

  it.each([
    ['bert', bert, 'num_hidden_layers'],
    ['vit', vit, 'num_hidden_layers'],
    ['gpt2', fixture('gpt2/fixtures/classifier'), 'n_layer'],
    ['distilbert', fixture('distilbert/fixtures/distilbert'), 'n_layers'],
  ])('refuses a %s of a million blocks before it lays out one', (_, config, field) => {
    expect(() => specFromConfig({ ...config, [field]: 1_000_000 }, { id: 'deep' })).toThrow(
      expect.objectContaining({ code: 'bad-model', message: expect.stringContaining(field) }),
    );
  });

  it('repeats what stands for the architecture only where it is a name', () => {
    const other = { model_type: 'AKIA secret key of another file' };
    expect(() => specFromConfig(other, { id: 'odd' })).toThrow(
      /is of an architecture, which Strata does not have/,
    );
  });

  it.each([
    ['no object', [], 'bad-model', /no model_type/],
    ['an architecture that is not built', { model_type: 'llama' }, 'bad-model', /architecture llama/],
    ['a name of Object', { model_type: 'constructor' }, 'bad-model', /architecture constructor/],
    ['a missing field', { ...bert, hidden_size: undefined }, 'bad-model', /hidden_size/],
    ['a field of another type', { ...bert, num_hidden_layers: '2' }, 'bad-model', /num_hidden_layers/],
    ['heads that do not divide the width', { ...bert, num_attention_heads: 3 }, 'bad-model', /3 heads/],
    ['relative positions', { ...bert, position_embedding_type: 'relative_key' }, 'bad-model', /"absolute"/],
    ['a decoder', { ...bert, is_decoder: true }, 'bad-model', /is_decoder.*false/],
    ['an unknown activation', { ...bert, hidden_act: 'swish' }, 'bad-model', /swish is not among gelu/],
    ['patches that do not fit', { ...vit, image_size: 20 }, 'bad-model', /20 is no multiple of patch_size 8/],
    ['queries without bias', { ...vit, qkv_bias: false }, 'bad-model', /qkv_bias/],
    ['grey images', { ...vit, num_channels: 1 }, 'bad-model', /num_channels/],
    [
      'more than a tab can train',
      { ...bert, hidden_size: 8192 * 8, vocab_size: 100_000 },
      'too-large',
      /million/,
    ],
  ])('refuses %s', (_, config, code, message) => {
    const read = () => specFromConfig(config, { id: 'owner/name' });
    expect(read).toThrow(message);
    expect(read).toThrow(expect.objectContaining({ code, message: expect.stringContaining('owner/name') }));
  });
});
