export * from './aggregate.ts';
export type { OptimizerState } from './define-optimizer.ts';
export type { Demand } from './define-rule.ts';
export { createFold, type Fold } from './fold.ts';
export * from './optimizers/index.ts';
export * from './rules/index.ts';
export type { Emit, LayerUpdate } from './update.ts';
export * from './weights.ts';
