export * from './label-map.ts';
export * from './sums.ts';
