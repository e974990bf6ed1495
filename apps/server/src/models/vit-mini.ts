import { fileURLToPath } from 'node:url';

/** ViT mini, pretrained by this project and committed with it: every checkout has it. */
export const vitMiniFile = fileURLToPath(
  new URL('../../../../models/vit-mini/model.safetensors', import.meta.url),
);
