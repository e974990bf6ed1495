export * from './jobs.ts';
export * from './progress.ts';
