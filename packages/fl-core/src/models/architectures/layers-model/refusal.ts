import { StrataError } from '../../../protocol/index.ts';

/** Why a LayersModel cannot be trained here: `what` goes on after the name of the layer. */
export const refusedLayer = (layer: string, what: string, hint: string, cause?: unknown): StrataError =>
  new StrataError('bad-model', `Layer ${layer} ${what}.`, hint, { cause });
