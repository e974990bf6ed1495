export * from './errors.ts';
export * from './found-model.ts';
export * from './messages.ts';
export * from './run.ts';
export * from './safetensors.ts';
export * from './safetensors-index.ts';
export * from './views.ts';
