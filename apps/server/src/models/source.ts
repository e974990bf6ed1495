import type { ModelSource } from '../rounds/context.ts';
import { type AvailabilityOptions, modelAvailability } from './availability.ts';
import { type ImportOptions, importModel } from './import-model.ts';

export type ModelSourceOptions = AvailabilityOptions & Pick<ImportOptions, 'blobs'>;

/** Where the round engine gets models from: the catalog, and the places that the settings name. */
export const createModelSource = (options: ModelSourceOptions): ModelSource => ({
  load: (config) => importModel({ ...options, config }),
  availability: (id) => modelAvailability(id, options),
});
