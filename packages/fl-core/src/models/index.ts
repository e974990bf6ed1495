export * from './batch.ts';
export * from './layouts.ts';
export * from './model.ts';
