export * from './aggregate.ts';
export * from './error.ts';
export { createFold, type Fold } from './fold.ts';
export * from './server-optimizer.ts';
export type { Emit, LayerUpdate } from './update.ts';
export * from './weights.ts';
