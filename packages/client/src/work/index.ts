export { contribute, type Trained } from './contribute.ts';
export * from './perform.ts';
export * from './sample-guard.ts';
export * from './spending.ts';
export { WeightsSync, type WeightsTarget } from './weights-sync.ts';
