export { createFold, type Fold } from './fold.ts';
export * from './weights.ts';
