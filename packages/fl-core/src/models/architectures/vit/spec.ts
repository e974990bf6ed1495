import { z } from 'zod';
import type { CommonSpec, ImageInput, TransformerSize } from '../../common-spec.ts';
import {
  Activation,
  Count,
  commonFields,
  commonOf,
  Depth,
  divides,
  Epsilon,
  only,
  type SpecOptions,
} from '../../config/fields.ts';
import { half, imageInput, imagenet, Pixels, wholePatches } from '../../config/images.ts';

/** Vision Transformer (Dosovitskiy et al., arXiv 2010.11929) and DeiT (Touvron et al., arXiv 2012.12877). */
export interface VitSpec extends CommonSpec, ImageInput, TransformerSize {
  readonly architecture: 'vit';
  /** `class-and-distillation`: DeiT's second token, which is not classified from. */
  readonly tokens: 'class' | 'class-and-distillation';
}

/** `config.json` of transformers' ViT and DeiT. */
const VitConfig = z
  .object({
    ...commonFields,
    model_type: z.enum(['vit', 'deit']),
    ...Pixels,
    hidden_size: Count,
    num_hidden_layers: Depth,
    num_attention_heads: Count,
    intermediate_size: Count,
    hidden_act: Activation,
    layer_norm_eps: Epsilon,
    qkv_bias: only(true),
    use_mean_pooling: only(false),
    head_dim: Count.nullish(),
  })
  .superRefine((c, context) => {
    divides(context, c.hidden_size, c.num_attention_heads);
    if (c.head_dim != null && c.head_dim * c.num_attention_heads !== c.hidden_size) {
      context.addIssue({
        code: 'custom',
        path: ['head_dim'],
        message: `${c.num_attention_heads} heads of ${c.head_dim} are not ${c.hidden_size} wide`,
      });
    }
    wholePatches(context, c);
  });

export function vitSpec(config: unknown, options: SpecOptions): VitSpec {
  const c = VitConfig.parse(config);
  const deit = c.model_type === 'deit';
  return {
    ...commonOf(options, deit ? 'DeiT image encoder' : 'Vision Transformer'),
    ...imageInput(c, options.preprocessor, deit ? imagenet : half),
    architecture: 'vit',
    tokens: deit ? 'class-and-distillation' : 'class',
    dim: c.hidden_size,
    depth: c.num_hidden_layers,
    heads: c.num_attention_heads,
    mlp: c.intermediate_size,
    layerNormEps: c.layer_norm_eps,
    activation: c.hidden_act,
  };
}
