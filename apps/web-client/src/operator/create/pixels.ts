import type { ModelChoice } from '@strata/fl-core/protocol';

/** Whether it is said what pixels go into a model as, by its file or by the operator; only of LayersModels it is not. */
export const saysPixels = (model: ModelChoice): boolean =>
  typeof model === 'string' ||
  model.found?.kind !== 'layers-model' ||
  model.pixels !== undefined ||
  model.found.pixels !== null;
