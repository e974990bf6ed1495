import type { Catalog, Checkpoint, ImportedModel, ModelId, RunConfig } from '@strata/fl-core/protocol';
import { type AvailabilityOptions, modelAvailability } from './availability.ts';
import { type ImportOptions, importModel, resolveModel } from './import-model.ts';

/** Where models come from. */
export interface ModelSource {
  /** What there is at the source of an imported model; throws `bad-model`, `too-large`, `unavailable`. */
  resolve(model: ImportedModel): Promise<ImportedModel>;
  /** Puts the initial layers into the blob store; throws `bad-model`. */
  load(config: RunConfig): Promise<{ layers: Checkpoint['layers']; assets: Record<string, string> }>;
  availability(id: ModelId): Promise<Pick<Catalog['models'][number], 'availability' | 'note'>>;
}

export interface HasModels {
  readonly models: ModelSource;
}

export type ModelSourceOptions = AvailabilityOptions &
  Pick<ImportOptions, 'blobs' | 'hubUrl' | 'privateAllowed'>;

/** Where the round engine gets models from: the catalog, and the places that the settings name. */
export const createModelSource = (options: ModelSourceOptions): ModelSource => ({
  resolve: (model) => resolveModel(model, options),
  load: (config) => importModel({ ...options, config }),
  availability: (id) => modelAvailability(id, options),
});
