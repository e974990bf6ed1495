/** The tfjs-free half of `models/`: what the server may import. */
export * from './architecture.ts';
export * from './catalog.ts';
export * from './initial.ts';
export * from './layout.ts';
export * from './split.ts';
export { fromTransformersNames, hasTransformersNames } from './vit/transformers-names.ts';
