export * from './batch.ts';
export * from './create.ts';
export * from './layouts.ts';
export * from './model.ts';
export * from './targets.ts';
