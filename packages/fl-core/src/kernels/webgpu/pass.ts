import { env, type TensorInfo } from '@tensorflow/tfjs-core';
import { defect } from '../defect.ts';
import type { GpuBackend, Uniform } from './backend.ts';

/** A tensor bound to a variable of the shader. */
export interface Binding {
  readonly name: string;
  readonly tensor: TensorInfo;
  readonly access: 'read' | 'read_write';
  /** Whether the shader sees it as an array of `vec4`: a tensor of whole vectors. */
  readonly vectors: boolean;
}

export interface Pass {
  readonly label: string;
  readonly bindings: readonly Binding[];
  /** Numbers that change between runs, as fields of `u`; those that do not are constants of the code. */
  readonly uniforms?: readonly (readonly [field: string, uniform: Uniform])[];
  /** Everything but the bindings. A tensor is an array of f32, or of i32 where tfjs holds integers. */
  readonly code: string;
  readonly groups: readonly [number, number, number];
}

export const reads = (name: string, tensor: TensorInfo, vectors = false): Binding => ({
  name,
  tensor,
  access: 'read',
  vectors,
});
export const writes = (name: string, tensor: TensorInfo, vectors = false): Binding => ({
  name,
  tensor,
  access: 'read_write',
  vectors,
});

const pipelines = new WeakMap<GPUDevice, Map<string, GPUComputePipeline>>();

/**
 * Records one compute pass in tfjs's own command encoder, in order with its kernels. Unlike `runWebGPUProgram` it
 * may write several tensors, or one in place. Shapes are constants in the code, so that compilers can unroll: one
 * pipeline a shape, and no uniform buffer for most passes.
 */
export function runPass(backend: GpuBackend, { label, bindings, uniforms = [], code, groups }: Pass): void {
  const resources: GPUBindingResource[] = [];
  const declarations = bindings.map(({ name, tensor, access, vectors }, i) => {
    backend.uploadToGPU(tensor.dataId);
    const data = backend.tensorMap.get(tensor.dataId);
    // What was read back before is no longer what the buffer holds.
    if (access === 'read_write') data.values = null;
    // The dtype of the buffer: tfjs's cast from int32 to float32 leaves the integers as they are.
    const { dtype, resource } = data;
    if (resource === undefined) throw defect(`Tensor ${name} of ${label} has no buffer.`);
    resources.push({ buffer: resource });
    const element = dtype === 'float32' ? 'f32' : 'i32';
    const type = vectors ? `vec4<${element}>` : element;
    return `@group(0) @binding(${i}) var<storage, ${access}> ${name}: array<${type}>;`;
  });
  if (uniforms.length > 0) {
    const fields = uniforms.map(([name, { type }]) => `${name}: ${uniformTypes[type]}`).join(', ');
    declarations.push(
      `struct Uniforms { ${fields} }`,
      `@group(0) @binding(${bindings.length}) var<uniform> u: Uniforms;`,
    );
    resources.push(backend.makeUniforms(uniforms.map(([, uniform]) => uniform)));
  }
  const pipeline = pipelineOf(backend.device, label, `${declarations.join('\n')}\n${code}`);
  const group = backend.device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: resources.map((resource, binding) => ({ binding, resource })),
  });
  // Disposing of a tensor waits until the commands that use it were submitted.
  for (const { tensor } of bindings) backend.commandQueueOwnedIds.add(tensor.dataId);
  backend.ensureCommandEncoderReady();
  backend.computePassEncoder ??= backend.commandEncoder.beginComputePass();
  backend.computePassEncoder.setPipeline(pipeline);
  backend.computePassEncoder.setBindGroup(0, group);
  backend.computePassEncoder.dispatchWorkgroups(...groups);
  backend.dispatchCountInPass += 1;
  if (backend.dispatchCountInPass >= env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE')) {
    backend.endComputePassEncoder();
    backend.submitQueue();
  }
}

const uniformTypes = { float32: 'f32', int32: 'i32', uint32: 'u32' } as const;

function pipelineOf(device: GPUDevice, label: string, code: string): GPUComputePipeline {
  const known = pipelines.get(device) ?? new Map<string, GPUComputePipeline>();
  pipelines.set(device, known);
  const found = known.get(code);
  if (found !== undefined) return found;
  const module = device.createShaderModule({ code, label });
  const made = device.createComputePipeline({
    label,
    layout: 'auto',
    compute: { module, entryPoint: 'main' },
  });
  known.set(code, made);
  return made;
}
