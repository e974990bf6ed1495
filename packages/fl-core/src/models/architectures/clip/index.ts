import { type Json, picturesByScript } from '../../hub/transformers.ts';
import { checkSide } from '../../images/patches.ts';
import { defineArchitecture } from '../define.ts';
import { clipLayout } from './layout.ts';
import { type ClipSpec, clipSpec } from './spec.ts';

export const clip = defineArchitecture<ClipSpec>({
  name: 'clip',
  title: 'CLIP',
  text: 'The image half of CLIP, with a linear classifier on the embedding that images and texts share; the text half is left out.',
  source:
    'Radford et al., “Learning Transferable Visual Models From Natural Language Supervision”, arXiv 2103.00020',
  kind: 'image',
  heads: ['classification'],
  layout: clipLayout,
  transformers: {
    modelTypes: ['clip', 'clip_vision_model'],
    read: clipSpec,
    config: ({ projection }, found) => imageHalf(found ?? {}, projection),
    // Opens all but the classifier.
    className: () => 'CLIPVisionModelWithProjection',
  },
  usage: () =>
    `\`model.safetensors\` opens with \`CLIPVisionModelWithProjection\`; its tensors \`classifier.weight\` and \`classifier.bias\` are a linear map of \`image_embeds\`. ${picturesByScript}`,
  sides: ({ patch }) => ({ sideMultiple: patch }),
  checkSide,
});

/** Of a whole CLIP only the image half goes on. */
function imageHalf(config: Json, projection: number): Json {
  const vision = config.vision_config;
  const fields = typeof vision === 'object' && vision !== null ? vision : config;
  return { ...fields, model_type: 'clip_vision_model', projection_dim: projection };
}
