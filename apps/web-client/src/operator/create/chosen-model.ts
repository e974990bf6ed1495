import { describeModel, modelName, specAtFirst } from '@strata/fl-core/models/layouts';
import type { Catalog, ModelChoice } from '@strata/fl-core/protocol';
import type { CatalogModel } from './defaults.ts';

/** The model of a configuration as the catalogue describes models; undefined when nobody knows it. */
export function chosenModel(model: ModelChoice, catalog: Catalog): CatalogModel | undefined {
  if (typeof model === 'string') return catalog.models.find((m) => m.id === model);
  if (model.found === null) return undefined;
  return { id: modelName(model), ...describeModel(specAtFirst(model)), availability: 'ready', note: '' };
}
