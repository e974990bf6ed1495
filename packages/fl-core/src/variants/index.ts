export * from './fields.ts';
export * from './variant.ts';
