import { samples } from '@strata/fl-core/data';
import type { ModelSource } from '../rounds/context.ts';
import { type AvailabilityOptions, modelAvailability } from './availability.ts';
import { type ImportOptions, importModel } from './import-model.ts';

export type ModelSourceOptions = AvailabilityOptions & Pick<ImportOptions, 'blobs'>;

/** Where the round engine gets models from: the catalog, the places that the settings name, the built-in samples. */
export const createModelSource = (options: ModelSourceOptions): ModelSource => ({
  load: (config) => importModel({ ...options, config }),
  availability: (id) => modelAvailability(id, options),
  samples: Object.values(samples).map(({ id, title, kind, labels, split }) => ({
    id,
    title,
    kind,
    labels: [...labels],
    split,
  })),
});
