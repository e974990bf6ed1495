export { type BackendOptions, type ChosenBackend, chooseBackend } from './backend.ts';
export * from './jobs.ts';
export * from './progress.ts';
export { Trainer, type TrainerOptions } from './trainer.ts';
export type { WasmPaths } from './wasm.ts';
export type { Recovery } from './webgpu.ts';
