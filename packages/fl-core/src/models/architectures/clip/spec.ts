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
  none,
  only,
  type SpecOptions,
} from '../../config/fields.ts';
import { clipColours, imageInput, Side, wholePatches } from '../../config/images.ts';

/** The image half of CLIP (Radford et al., arXiv 2103.00020) with a linear classifier. */
export interface ClipSpec extends CommonSpec, ImageInput, TransformerSize {
  readonly architecture: 'clip';
  /**
   * What is classified: the embedding that images and texts share, `projection` wide, or the mean of the patches before
   * the last norm, as transformers' CLIPForImageClassification does.
   */
  readonly classified:
    | { readonly from: 'embedding'; readonly projection: number }
    | { readonly from: 'patches' };
}

/** The class of transformers that classifies from the patches. */
export const patchesClass = 'CLIPForImageClassification';

/** transformers leaves out of a nested `vision_config` what equals its defaults, those of ViT-B/32. */
const Vision = z
  .object({
    ...commonFields,
    image_size: Side(4096).default(224),
    patch_size: Side(512).default(32),
    num_channels: only(3),
    hidden_size: Count.default(768),
    num_hidden_layers: Depth.default(12),
    num_attention_heads: Count.default(12),
    intermediate_size: Count.default(3072),
    hidden_act: Activation.prefault('quick_gelu'),
    layer_norm_eps: Epsilon.default(1e-5),
    projection_dim: Count.default(512),
  })
  .superRefine((c, context) => {
    divides(context, c.hidden_size, c.num_attention_heads);
    wholePatches(context, c);
  });

/** A whole CLIP, whose shared width stands outside, or its image half alone. */
const ClipConfig = z.discriminatedUnion('model_type', [
  z.object({
    model_type: z.literal('clip'),
    ...commonFields,
    architectures: z.array(z.string()).nullish(),
    projection_dim: Count.default(512),
    vision_config: Vision.prefault({}),
    // Of older files; it would be taken in the place of the former.
    vision_config_dict: none('a second vision_config'),
  }),
  z.looseObject({ model_type: z.literal('clip_vision_model') }),
]);

export function clipSpec(config: unknown, options: SpecOptions): ClipSpec {
  const c = ClipConfig.parse(config);
  const vision =
    c.model_type === 'clip' ? { ...c.vision_config, projection_dim: c.projection_dim } : Vision.parse(c);
  const classifies = c.model_type === 'clip' && c.architectures?.includes(patchesClass);
  return {
    ...commonOf(options, 'CLIP image encoder'),
    ...imageInput(vision, options.preprocessor, clipColours),
    architecture: 'clip',
    dim: vision.hidden_size,
    depth: vision.num_hidden_layers,
    heads: vision.num_attention_heads,
    mlp: vision.intermediate_size,
    layerNormEps: vision.layer_norm_eps,
    activation: vision.hidden_act,
    classified: classifies ? { from: 'patches' } : { from: 'embedding', projection: vision.projection_dim },
  };
}
