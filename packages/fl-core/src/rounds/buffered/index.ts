export * from './config-problems.ts';
export * from './in-hand.ts';
export * from './staleness.ts';
