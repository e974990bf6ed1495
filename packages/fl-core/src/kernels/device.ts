/** The limits a model may need; a device has only WebGPU's small defaults unless it is asked for more. */
const wantedLimits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
  // The more a pass may bind, the fewer passes move all parameters.
  'maxStorageBuffersPerShaderStage',
] as const;

/** What kernels may use where the adapter has it: half-precision numbers, sums over neighbouring threads. */
const wantedFeatures = ['shader-f16', 'subgroups'] as const satisfies GPUFeatureName[];

/** What a device is asked for: all of that as far as `adapter` has it. */
export function wantedOf(adapter: GPUAdapter) {
  return {
    requiredLimits: Object.fromEntries(wantedLimits.map((name) => [name, adapter.limits[name]])),
    requiredFeatures: wantedFeatures.filter((name) => adapter.features.has(name)),
  } satisfies GPUDeviceDescriptor;
}
