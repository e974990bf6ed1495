export * from './errors.ts';
export * from './messages.ts';
export * from './run.ts';
export * from './safetensors.ts';
export * from './views.ts';
