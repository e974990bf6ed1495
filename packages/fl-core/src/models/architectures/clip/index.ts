import { encoderAlone, type Json, opensWith, picturesByScript } from '../../hub/transformers.ts';
import { checkSide } from '../../images/patches.ts';
import { defineArchitecture } from '../define.ts';
import { clipLayout, clipWork } from './layout.ts';
import { type ClipSpec, clipSpec, patchesClass } from './spec.ts';

/** The text half, what compares texts with images, and a buffer; what the patches are classified without. */
const unused = ({ classified }: ClipSpec): readonly RegExp[] => [
  /^text_model\./,
  /^text_projection\.weight$/,
  /^logit_scale$/,
  /^(?:vision_model\.)?embeddings\.position_ids$/,
  ...(classified.from === 'patches'
    ? [/^(?:vision_model\.)?post_layernorm\.(?:weight|bias)$/, /^visual_projection\.weight$/]
    : []),
];

export const clip = defineArchitecture<ClipSpec>({
  name: 'clip',
  title: 'CLIP',
  text: 'The image half of CLIP, with a linear classifier on the embedding that images and texts share, or on the mean of the patches; the text half is left out.',
  source:
    'Radford et al., “Learning Transferable Visual Models From Natural Language Supervision”, arXiv 2103.00020',
  kind: 'image',
  heads: ['classification'],
  layout: clipLayout,
  work: clipWork,
  transformers: {
    modelTypes: ['clip', 'clip_vision_model'],
    read: clipSpec,
    // transformers 5 writes the image half alone without the prefix.
    dialects: () => encoderAlone('vision_model.'),
    unused,
    config: ({ classified }, found) =>
      classified.from === 'patches' ? (found ?? {}) : imageHalf(found ?? {}, classified.projection),
    // The one with projection opens all but the classifier.
    className: ({ classified }) =>
      classified.from === 'patches' ? patchesClass : 'CLIPVisionModelWithProjection',
  },
  usage: ({ classified }) =>
    classified.from === 'patches'
      ? opensWith('AutoModelForImageClassification')
      : `\`model.safetensors\` opens with \`CLIPVisionModelWithProjection\`; its tensors \`classifier.weight\` and \`classifier.bias\` are a linear map of \`image_embeds\`. ${picturesByScript}`,
  sides: ({ patch }) => ({ sideMultiple: patch }),
  checkSide,
});

/** Of a whole CLIP only the image half goes on. */
function imageHalf(config: Json, projection: number): Json {
  const vision = config.vision_config;
  const fields = typeof vision === 'object' && vision !== null ? vision : config;
  return { ...fields, model_type: 'clip_vision_model', projection_dim: projection };
}
