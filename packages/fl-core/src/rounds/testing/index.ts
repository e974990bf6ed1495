export * from './answers.ts';
export * from './config.ts';
export * from './crew.ts';
export * from './random-life.ts';
export * from './sealed-crew.ts';
