export { contribute, type Trained } from './contribute.ts';
export * from './perform.ts';
export { WeightsSync, type WeightsTarget } from './weights-sync.ts';
