import { activationNames } from '../../config/fields.ts';
import { type Json, opensWith, picturesByScript } from '../../hub/transformers.ts';
import { checkSide } from '../../images/patches.ts';
import { defineArchitecture } from '../define.ts';
import { vitDialects } from './dialects.ts';
import { vitLayout, vitWork } from './layout.ts';
import { type VitSpec, vitSpec } from './spec.ts';

export const vit = defineArchitecture<VitSpec>({
  name: 'vit',
  title: 'ViT, DeiT',
  text: 'Pre-norm Transformer over patches of an image, classified from its class token; its second token, of distillation, is not classified from.',
  source:
    'Dosovitskiy et al., “An Image is Worth 16x16 Words”, arXiv 2010.11929; Touvron et al., “Training data-efficient image transformers”, arXiv 2012.12877',
  kind: 'image',
  heads: ['classification'],
  layout: vitLayout,
  work: vitWork,
  transformers: {
    modelTypes: ['vit', 'deit'],
    read: vitSpec,
    dialects: vitDialects,
    // What pretraining classifies with, and two heads that predict a teacher's answer: one classifier is trained here.
    unused: () => [
      /^(?:vit\.|deit\.)?pooler\.dense\.(?:weight|bias)$/,
      /^(?:vit\.|deit\.)?embeddings\.mask_token$/,
      /^decoder\.\d+\.(?:weight|bias)$/,
      /^(?:cls_classifier|distillation_classifier|head_dist|classifier|head)\.(?:weight|bias)$/,
    ],
    config: (spec, found) => found ?? builtIn(spec),
    className: ({ tokens }) =>
      tokens === 'class' ? 'ViTForImageClassification' : 'DeiTForImageClassification',
  },
  usage: ({ pretrainedSide }, side) => {
    const opens = opensWith('AutoModelForImageClassification');
    const resized = `It was trained on images of ${side} pixels: call it with \`interpolate_pos_encoding=True\`.`;
    return [opens, ...(side === pretrainedSide ? [] : [resized]), picturesByScript].join(' ');
  },
  sides: ({ patch }) => ({ sideMultiple: patch }),
  checkSide,
});

/** What transformers would say of a model of the catalog. */
const builtIn = (spec: VitSpec): Json => ({
  model_type: spec.tokens === 'class' ? 'vit' : 'deit',
  hidden_size: spec.dim,
  num_hidden_layers: spec.depth,
  num_attention_heads: spec.heads,
  intermediate_size: spec.mlp,
  hidden_act: activationNames[spec.activation],
  layer_norm_eps: spec.layerNormEps,
  image_size: spec.pretrainedSide,
  patch_size: spec.patch,
  num_channels: 3,
  qkv_bias: true,
  hidden_dropout_prob: 0,
  attention_probs_dropout_prob: 0,
});
