export { gradientError, normalTensor } from './gradients.ts';
export { type LayersModelErrors, layersModelErrors } from './layers-model.ts';
export { type Fixture, type ReferenceErrors, referenceErrors } from './reference.ts';
