import type { Dialects } from '../../hub/transformers.ts';
import type { VitSpec } from './spec.ts';

/**
 * timm's tensor names to those of transformers' ViTForImageClassification and DeiTForImageClassification. timm keeps
 * queries, keys and values in one matrix; transformers keeps three.
 */

const rules: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^cls_token$/, ['embeddings.cls_token']],
  [/^dist_token$/, ['embeddings.distillation_token']],
  [/^pos_embed$/, ['embeddings.position_embeddings']],
  [/^patch_embed\.proj\.(\w+)$/, ['embeddings.patch_embeddings.projection.$1']],
  [/^blocks\.(\d+)\.norm1\.(\w+)$/, ['encoder.layer.$1.layernorm_before.$2']],
  [
    /^blocks\.(\d+)\.attn\.qkv\.(\w+)$/,
    ['query', 'key', 'value'].map((part) => `encoder.layer.$1.attention.attention.${part}.$2`),
  ],
  [/^blocks\.(\d+)\.attn\.proj\.(\w+)$/, ['encoder.layer.$1.attention.output.dense.$2']],
  [/^blocks\.(\d+)\.norm2\.(\w+)$/, ['encoder.layer.$1.layernorm_after.$2']],
  [/^blocks\.(\d+)\.mlp\.fc1\.(\w+)$/, ['encoder.layer.$1.intermediate.dense.$2']],
  [/^blocks\.(\d+)\.mlp\.fc2\.(\w+)$/, ['encoder.layer.$1.output.dense.$2']],
  [/^norm\.(\w+)$/, ['layernorm.$1']],
];

/** Of transformers, of its encoder alone, and timm's own. */
export function vitDialects(spec: VitSpec): Dialects {
  const prefix = spec.tokens === 'class' ? 'vit' : 'deit';
  return [(name) => renamed(name, `${prefix}.`), (name) => renamed(name, ''), (name) => [name]];
}

function renamed(name: string, prefix: string): string[] {
  if (name.startsWith('head.')) return [name.replace('head.', 'classifier.')];
  const rule = rules.find(([pattern]) => pattern.test(name));
  return rule ? rule[1].map((target) => prefix + name.replace(rule[0], target)) : [name];
}
