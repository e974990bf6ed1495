import type { CommonSpec, ImageInput, TransformerSize } from '../common-spec.ts';

/** Vision Transformer (Dosovitskiy et al., arXiv 2010.11929) and DeiT (Touvron et al., arXiv 2012.12877). */
export interface VitSpec extends CommonSpec, ImageInput, TransformerSize {
  readonly architecture: 'vit';
  /** `class-and-distillation`: DeiT's second token, which is not classified from. */
  readonly tokens: 'class' | 'class-and-distillation';
}
