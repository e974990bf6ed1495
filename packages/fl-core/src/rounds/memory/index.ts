export type { Book } from './book.ts';
export { MemoryRun, type MemoryRunOptions, type Moved } from './run.ts';
