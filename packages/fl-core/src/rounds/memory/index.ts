export type { Book } from './book.ts';
export { type KeptRun, MemoryRun, type MemoryRunOptions, type Moved } from './run.ts';
