import type { BufferPool, GpuBackend } from './backend.ts';

export type Command =
  | {
      readonly kind: 'dispatch';
      readonly pipeline: GPUComputePipeline;
      readonly group: GPUBindGroup;
      readonly groups: readonly [x: number, y: number, z: number];
    }
  | {
      readonly kind: 'copy';
      readonly from: GPUBuffer;
      readonly fromOffset: number;
      readonly to: GPUBuffer;
      readonly toOffset: number;
      readonly size: number;
    }
  | { readonly kind: 'clear'; readonly buffer: GPUBuffer; readonly offset: number; readonly size: number };

/** What tfjs knows of a tensor's values. */
export interface Held {
  values?: unknown;
}

/** Buffers up to this size are new ones while a recording runs, so that a constant in one is never written over. */
const small = 2 ** 18;

let listening: Listener | null = null;

/** Called by a pass that writes into a tensor that was there before. */
export function wrote(data: Held): void {
  listening?.written.add(data);
}

/** Hears what is said to a device, from outside of who says it. */
export class Listener {
  readonly commands: Command[] = [];
  readonly constants: Uint8Array[] = [];
  readonly written = new Set<Held>();
  readonly acquired = new Set<GPUBuffer>();
  repeatable = true;
  readonly #restore: (() => void)[] = [];

  constructor({ bufferManager }: GpuBackend) {
    listening = this;
    this.#hearPasses();
    this.#hearEncoders();
    this.#hearWrites();
    this.#hearPool(bufferManager);
  }

  stop(): void {
    listening = null;
    for (const restore of this.#restore.splice(0)) restore();
  }

  #hearPasses(): void {
    const { prototype } = GPUComputePassEncoder;
    const { setPipeline, setBindGroup, dispatchWorkgroups } = prototype;
    let pipeline: GPUComputePipeline | null = null;
    let group: GPUBindGroup | null = null;
    const listener = this;
    prototype.setPipeline = function (this: GPUComputePassEncoder, next) {
      pipeline = next;
      return setPipeline.call(this, next);
    };
    prototype.setBindGroup = function (
      this: GPUComputePassEncoder,
      index: number,
      next: GPUBindGroup | null | undefined,
      ...rest: unknown[]
    ) {
      group = next ?? null;
      if (index !== 0 || rest.length > 0) listener.repeatable = false;
      return Reflect.apply(setBindGroup, this, [index, next, ...rest]);
    } as typeof setBindGroup;
    prototype.dispatchWorkgroups = function (this: GPUComputePassEncoder, x, y = 1, z = 1) {
      if (pipeline === null || group === null || !descriptions.has(group)) listener.repeatable = false;
      else listener.commands.push({ kind: 'dispatch', pipeline, group, groups: [x, y, z] });
      return dispatchWorkgroups.call(this, x, y, z);
    };
    this.#restore.push(() => Object.assign(prototype, { setPipeline, setBindGroup, dispatchWorkgroups }));
    this.#refuse(prototype, ['dispatchWorkgroupsIndirect']);
  }

  #hearEncoders(): void {
    const { prototype } = GPUCommandEncoder;
    const { copyBufferToBuffer, clearBuffer } = prototype;
    const listener = this;
    prototype.copyBufferToBuffer = function (this: GPUCommandEncoder, ...args: unknown[]) {
      const [from, fromOffset, to, toOffset, size] = args;
      if (
        from instanceof GPUBuffer &&
        to instanceof GPUBuffer &&
        typeof fromOffset === 'number' &&
        typeof toOffset === 'number' &&
        typeof size === 'number'
      ) {
        listener.commands.push({ kind: 'copy', from, fromOffset, to, toOffset, size });
      } else listener.repeatable = false;
      return Reflect.apply(copyBufferToBuffer, this, args);
    } as typeof copyBufferToBuffer;
    prototype.clearBuffer = function (
      this: GPUCommandEncoder,
      buffer,
      offset = 0,
      size = buffer.size - offset,
    ) {
      listener.commands.push({ kind: 'clear', buffer, offset, size });
      return clearBuffer.call(this, buffer, offset, size);
    };
    this.#restore.push(() => Object.assign(prototype, { copyBufferToBuffer, clearBuffer }));
    this.#refuse(prototype, [
      'beginRenderPass',
      'copyBufferToTexture',
      'copyTextureToBuffer',
      'copyTextureToTexture',
      'resolveQuerySet',
    ]);
  }

  #hearWrites(): void {
    const { prototype } = GPUQueue;
    const { writeBuffer } = prototype;
    const listener = this;
    prototype.writeBuffer = function (this: GPUQueue, ...args: Parameters<typeof writeBuffer>) {
      const [buffer, , data, offset = 0, size] = args;
      if (!listener.acquired.has(buffer) || buffer.size > small) listener.repeatable = false;
      listener.constants.push(bytesOf(data, offset, size));
      return writeBuffer.apply(this, args);
    } as typeof writeBuffer;
    this.#restore.push(() => {
      prototype.writeBuffer = writeBuffer;
    });
    this.#refuse(prototype, ['writeTexture', 'copyExternalImageToTexture']);
  }

  #hearPool(pool: BufferPool): void {
    const { acquireBuffer } = pool;
    pool.acquireBuffer = (size, usage, mapped = false, reuse = true) => {
      // Filled from here, unseen.
      if (mapped) this.repeatable = false;
      const buffer = acquireBuffer.call(pool, size, usage, mapped, reuse && size > small);
      // As the pool would have made it itself: releasing puts it where a list was made by asking for reuse.
      pool.freeBuffers.set(keyOf(buffer), pool.freeBuffers.get(keyOf(buffer)) ?? []);
      this.acquired.add(buffer);
      return buffer;
    };
    this.#restore.push(() => {
      pool.acquireBuffer = acquireBuffer;
    });
  }

  #refuse<T extends object>(prototype: T, names: readonly (keyof T & string)[]): void {
    for (const name of names) {
      const original: unknown = Reflect.get(prototype, name);
      if (typeof original !== 'function') continue;
      const listener = this;
      Reflect.set(prototype, name, function (this: unknown, ...args: unknown[]): unknown {
        listener.repeatable = false;
        return Reflect.apply(original, this, args);
      });
      this.#restore.push(() => Reflect.set(prototype, name, original));
    }
  }
}

/** What bind groups were made of, which they do not tell. */
export const descriptions = new WeakMap<GPUBindGroup, GPUBindGroupDescriptor>();

/** Keeps what the device's bind groups are made of, from now on. */
export function describeBindGroups(device: GPUDevice): void {
  const create = device.createBindGroup.bind(device);
  device.createBindGroup = (descriptor) => {
    const group = create(descriptor);
    descriptions.set(group, descriptor);
    return group;
  };
}

function bytesOf(data: GPUAllowSharedBufferSource, offset: number, size: number | undefined): Uint8Array {
  const [buffer, start, length, unit] = ArrayBuffer.isView(data)
    ? [
        data.buffer,
        data.byteOffset,
        data.byteLength,
        'BYTES_PER_ELEMENT' in data ? Number(data.BYTES_PER_ELEMENT) : 1,
      ]
    : [data, 0, data.byteLength, 1];
  const bytes = size === undefined ? length - offset * unit : size * unit;
  return new Uint8Array(buffer, start + offset * unit, bytes).slice();
}

export const keyOf = ({ size, usage }: GPUBuffer) => `${size}_${usage}`;
