/** Instances and oracles of P1, for tests and benchmarks only. */
export * from './instances.ts';
export * from './oracle.ts';
