export const backendNames = ['webgpu', 'wasm', 'cpu'] as const;
/** A tfjs backend that Strata knows how to train on. */
export type BackendName = (typeof backendNames)[number];
