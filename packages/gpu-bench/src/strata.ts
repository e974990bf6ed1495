/** Our own engine, and the rows that it is measured by. */
export { type Part, type PlannedRow, plannedRows, type RowsOptions } from './plan.ts';
export { type Product, products } from './products.ts';
export { wantTimestamps } from './profile.ts';
export { gpuBackend } from './repeat.ts';
export { attempt, comparedLosses, measureCard } from './rows.ts';
export { strataEngine } from './strata-engine.ts';
