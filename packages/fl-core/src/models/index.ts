export * from './batch.ts';
export * from './layouts.ts';
export * from './load.ts';
export * from './model.ts';
export * from './targets.ts';
