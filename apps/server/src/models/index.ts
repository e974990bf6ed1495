export { type Availability, modelAvailability } from './availability.ts';
export { deitTinyPin } from './deit-tiny-pin.ts';
export type { HubPin } from './hub.ts';
export { type ImportOptions, importModel, resolveModel, type StoredModel } from './import-model.ts';
export { tokenizerFiles } from './model-folder.ts';
export { createModelSource, type HasModels, type ModelSource, type ModelSourceOptions } from './source.ts';
export { ModelUploads } from './uploads.ts';
