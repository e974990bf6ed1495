export * from './strategy.ts';
