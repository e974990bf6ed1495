export * from './fields.ts';
export * from './numbers.ts';
export * from './variant.ts';
