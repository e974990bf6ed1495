export * from './answers.ts';
export * from './commit.ts';
export * from './exchange.ts';
export * from './scores.ts';
export * from './sums.ts';
export * from './words.ts';
export * from './work.ts';
