/** What every engine needs: loads neither ours nor a tensor library. */
export * from './flops.ts';
export * from './measure.ts';
export * from './meters.ts';
export * from './row.ts';
export * from './size.ts';
export * from './weights.ts';
export * from './workload.ts';
