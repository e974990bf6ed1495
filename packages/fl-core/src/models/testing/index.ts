export { type Fixture, type FixtureName, fixtures } from './fixture.ts';
export { gradientError, normalTensor } from './gradients.ts';
export { type LayersModelErrors, layersModelErrors } from './layers-model.ts';
export { type ReferenceErrors, referenceErrors } from './reference.ts';
export { seededLayer } from './run.ts';
