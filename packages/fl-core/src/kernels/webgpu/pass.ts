import { env, type TensorInfo } from '@tensorflow/tfjs-core';
import { defect } from '../defect.ts';
import type { GpuBackend, Uniform } from './backend.ts';
import type { Code } from './code.ts';
import { wrote } from './listener.ts';

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
  readonly code: Code;
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

/** A compiled pass and where its bindings go. */
interface Compiled {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  /** By the buffers bound. */
  readonly groups: Map<string, GPUBindGroup>;
}

/**
 * tfjs's pool hands out the same buffers in the same order step after step, and making a bind group takes a third of the
 * time that a pass is recorded in; so they are kept, as many as a large model's step needs of one pass.
 */
const keptGroups = 256;

const bufferNumbers = new WeakMap<GPUBuffer, number>();
let buffers = 0;

function numberOf(buffer: GPUBuffer): number {
  const known = bufferNumbers.get(buffer);
  if (known !== undefined) return known;
  buffers += 1;
  bufferNumbers.set(buffer, buffers);
  return buffers;
}

function groupOf(
  device: GPUDevice,
  { layout, groups }: Compiled,
  resources: GPUBufferBinding[],
): GPUBindGroup {
  let key = '';
  for (const { buffer } of resources) key += `${numberOf(buffer)} `;
  const known = groups.get(key);
  if (known !== undefined) return known;
  const entries = resources.map((resource, binding) => ({ binding, resource }));
  const made = device.createBindGroup({ layout, entries });
  if (groups.size >= keptGroups) groups.clear();
  groups.set(key, made);
  return made;
}

/** By code, then by the bindings before it. */
const compiled = new WeakMap<GPUDevice, Map<Code, Map<string, Compiled>>>();

/**
 * Records one compute pass in tfjs's own command encoder, in order with its kernels. Unlike `runWebGPUProgram` it
 * may write several tensors, or one in place. Shapes are constants in the code, so that compilers can unroll: one
 * pipeline a shape, and no uniform buffer for most passes.
 */
export function runPass(backend: GpuBackend, { label, bindings, uniforms = [], code, groups }: Pass): void {
  const resources: GPUBufferBinding[] = [];
  let declarations = '';
  for (const { name, tensor, access, vectors } of bindings) {
    backend.uploadToGPU(tensor.dataId);
    const data = backend.tensorMap.get(tensor.dataId);
    // What was read back before is no longer what the buffer holds.
    if (access === 'read_write') {
      data.values = null;
      wrote(data);
    }
    // The dtype of the buffer: tfjs's cast from int32 to float32 leaves the integers as they are.
    const { dtype, resource } = data;
    if (!resource) throw defect(`Tensor ${name} of ${label} has no buffer.`);
    const element = dtype === 'float32' ? 'f32' : 'i32';
    const type = vectors ? `vec4<${element}>` : element;
    declarations += `@group(0) @binding(${resources.length}) var<storage, ${access}> ${name}: array<${type}>;\n`;
    resources.push({ buffer: resource });
    // Disposing of a tensor waits until the commands that use it were submitted.
    backend.commandQueueOwnedIds.add(tensor.dataId);
  }
  if (uniforms.length > 0) {
    const fields = uniforms.map(([name, { type }]) => `${name}: ${uniformTypes[type]}`).join(', ');
    declarations += `struct Uniforms { ${fields} }\n@group(0) @binding(${resources.length}) var<uniform> u: Uniforms;\n`;
    resources.push(backend.makeUniforms(uniforms.map(([, uniform]) => uniform)));
  }
  const { device } = backend;
  const pass = compiledOf(device, label, declarations, code);
  const group = groupOf(device, pass, resources);
  backend.ensureCommandEncoderReady();
  backend.computePassEncoder ??= backend.commandEncoder.beginComputePass();
  backend.computePassEncoder.setPipeline(pass.pipeline);
  backend.computePassEncoder.setBindGroup(0, group);
  backend.computePassEncoder.dispatchWorkgroups(...groups);
  backend.dispatchCountInPass += 1;
  if (backend.dispatchCountInPass >= env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE')) {
    backend.endComputePassEncoder();
    backend.submitQueue();
  }
}

const uniformTypes = { float32: 'f32', int32: 'i32', uint32: 'u32' } as const;

function compiledOf(device: GPUDevice, label: string, declarations: string, code: Code): Compiled {
  const ofDevice = compiled.get(device) ?? new Map<Code, Map<string, Compiled>>();
  compiled.set(device, ofDevice);
  const ofCode = ofDevice.get(code) ?? new Map<string, Compiled>();
  ofDevice.set(code, ofCode);
  const known = ofCode.get(declarations);
  if (known !== undefined) return known;
  const module = device.createShaderModule({ code: `${declarations}${code.text}`, label });
  const pipeline = device.createComputePipeline({
    label,
    layout: 'auto',
    compute: { module, entryPoint: 'main' },
  });
  const made: Compiled = {
    pipeline,
    layout: pipeline.getBindGroupLayout(0),
    groups: new Map(),
  };
  ofCode.set(declarations, made);
  return made;
}
