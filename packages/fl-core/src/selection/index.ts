export * from './create.ts';
export * from './error.ts';
export * from './strategy.ts';
