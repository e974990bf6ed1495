import { env } from '@tensorflow/tfjs-core';
import type { BufferPool, GpuBackend } from './backend.ts';
import { type Command, descriptions, type Held, keyOf, Listener } from './listener.ts';

/**
 * What a piece of work told the device, to be told again without running it: on a card, a training step's JavaScript
 * takes longer than its arithmetic, and says the same every time.
 *
 * The work must read nothing but tensors that are on the device already, and make of them the same commands every time;
 * {@link Recording.equals} is there to find out. What it brings to the device itself counts as constant.
 */
export class Recording {
  readonly #backend: GpuBackend;
  readonly #commands: readonly Command[];
  readonly #constants: readonly Uint8Array[];
  readonly #written: readonly Held[];
  readonly #owned = new Set<GPUBuffer>();

  private constructor(backend: GpuBackend, commands: Command[], constants: Uint8Array[], written: Held[]) {
    this.#backend = backend;
    this.#commands = commands;
    this.#constants = constants;
    this.#written = written;
  }

  /**
   * Runs `work`, which must not wait for anything. The recording is null when it did something that cannot be told
   * again; else it owns all buffers that the work was given and did not keep, until it is released.
   */
  static of<Result>(
    backend: GpuBackend,
    work: () => Result,
  ): { result: Result; recording: Recording | null } {
    flush(backend);
    const listener = new Listener(backend);
    let result: Result;
    try {
      result = work();
      flush(backend);
    } finally {
      listener.stop();
    }
    const { commands, constants, written, acquired, repeatable } = listener;
    if (!repeatable) return { result, recording: null };
    const recording = new Recording(backend, commands, constants, [...written]);
    for (const buffer of acquired) {
      if (take(backend.bufferManager, buffer)) recording.#owned.add(buffer);
      else if (!inUse(backend.bufferManager, buffer)) {
        // The pool gave way to its limit meanwhile.
        recording.release();
        return { result, recording: null };
      }
    }
    return { result, recording };
  }

  /** Bytes of its buffers. */
  get bytes(): number {
    return [...this.#owned].reduce((sum, b) => sum + b.size, 0);
  }

  /** Whether both say the same to the device, apart from the buffers that they say it about. */
  equals(other: Recording): boolean {
    return (
      this.#commands.length === other.#commands.length &&
      this.#constants.length === other.#constants.length &&
      this.#commands.every((c, i) => sameCommand(c, other.#commands[i]!)) &&
      this.#constants.every((c, i) => sameBytes(c, other.#constants[i]!))
    );
  }

  /** Takes over a buffer that the work kept. */
  own(buffer: GPUBuffer): void {
    this.#owned.add(buffer);
  }

  /** The commands with other buffers in the place of some. */
  commands(instead: ReadonlyMap<GPUBuffer, GPUBuffer>): readonly Command[] {
    const { device } = this.#backend;
    const of = (buffer: GPUBuffer) => instead.get(buffer) ?? buffer;
    return this.#commands.map((command) => {
      switch (command.kind) {
        case 'dispatch': {
          const { layout, entries } = described(command.group);
          const resources = [...entries].map(({ binding, resource }) => ({ binding, ...bufferOf(resource) }));
          if (!resources.some(({ buffer }) => instead.has(buffer))) return command;
          const group = device.createBindGroup({
            layout,
            entries: resources.map(({ binding, buffer, ...rest }) => ({
              binding,
              resource: { ...rest, buffer: of(buffer) },
            })),
          });
          return { ...command, group };
        }
        case 'copy':
          return { ...command, from: of(command.from), to: of(command.to) };
        case 'clear':
          return { ...command, buffer: of(command.buffer) };
        default:
          return command satisfies never;
      }
    });
  }

  /** Tells the device `before`, then `commands`, which are this recording's. */
  play(before: (encoder: GPUCommandEncoder) => void, commands: readonly Command[]): void {
    const { device } = this.#backend;
    flush(this.#backend);
    const atOnce = dispatchesAtOnce();
    let encoder = device.createCommandEncoder();
    before(encoder);
    let pass: GPUComputePassEncoder | null = null;
    let pipeline: GPUComputePipeline | null = null;
    let dispatches = 0;
    for (const command of commands) {
      if (command.kind === 'dispatch') {
        if (pass === null) {
          pass = encoder.beginComputePass();
          pipeline = null;
        }
        if (command.pipeline !== pipeline) {
          pipeline = command.pipeline;
          pass.setPipeline(pipeline);
        }
        pass.setBindGroup(0, command.group);
        pass.dispatchWorkgroups(...command.groups);
        dispatches += 1;
        if (dispatches < atOnce) continue;
        pass.end();
        device.queue.submit([encoder.finish()]);
        encoder = device.createCommandEncoder();
        pass = null;
        dispatches = 0;
        continue;
      }
      pass?.end();
      pass = null;
      switch (command.kind) {
        case 'copy':
          encoder.copyBufferToBuffer(
            command.from,
            command.fromOffset,
            command.to,
            command.toOffset,
            command.size,
          );
          break;
        case 'clear':
          encoder.clearBuffer(command.buffer, command.offset, command.size);
          break;
        default:
          command satisfies never;
      }
    }
    pass?.end();
    device.queue.submit([encoder.finish()]);
    // What was read back before is no longer what the buffers hold.
    for (const data of this.#written) data.values = null;
  }

  /** Gives its buffers back. */
  release(): void {
    for (const buffer of this.#owned) this.#backend.bufferManager.releaseBuffer(buffer);
    this.#owned.clear();
  }
}

/** A step of a large model in a few submits: the device begins before JavaScript has said all, and none takes long. */
const mostAtOnce = 64;

/** Follows tfjs's own setting downwards: a profiler sets it to 1, so that each dispatch is a pass of its own. */
const dispatchesAtOnce = () =>
  Math.min(mostAtOnce, env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE') ** 2);

function described(group: GPUBindGroup): GPUBindGroupDescriptor {
  const description = descriptions.get(group);
  if (description === undefined) throw new ReferenceError('A bind group of another device was recorded.');
  return description;
}

/** tfjs and the passes here bind buffers only. */
function bufferOf(resource: GPUBindingResource): GPUBufferBinding {
  if ('buffer' in resource) return resource;
  throw new TypeError('Something else than a buffer was bound.');
}

const sameBytes = (a: Uint8Array, b: Uint8Array) => a.length === b.length && a.every((v, i) => v === b[i]);

function sameCommand(a: Command, b: Command): boolean {
  switch (a.kind) {
    case 'dispatch':
      return (
        b.kind === 'dispatch' && a.pipeline === b.pipeline && a.groups.every((n, i) => n === b.groups[i])
      );
    case 'copy':
      return (
        b.kind === 'copy' && a.fromOffset === b.fromOffset && a.toOffset === b.toOffset && a.size === b.size
      );
    case 'clear':
      return b.kind === 'clear' && a.offset === b.offset && a.size === b.size;
    default:
      return a satisfies never;
  }
}

/** Hands to the device what tfjs holds back. */
function flush(backend: GpuBackend): void {
  // Its type says that there always is one.
  if ((backend.commandEncoder as GPUCommandEncoder | null) === null) return;
  backend.endComputePassEncoder();
  backend.submitQueue();
}

/** Takes a free buffer out of the pool, as if it were in use. */
function take(pool: BufferPool, buffer: GPUBuffer): boolean {
  const free = pool.freeBuffers.get(keyOf(buffer)) ?? [];
  const at = free.indexOf(buffer);
  if (at < 0) return false;
  free.splice(at, 1);
  pool.numFreeBuffers -= 1;
  const used = pool.usedBuffers.get(keyOf(buffer)) ?? [];
  used.push(buffer);
  pool.usedBuffers.set(keyOf(buffer), used);
  pool.numUsedBuffers += 1;
  pool.numBytesUsed += buffer.size;
  return true;
}

const inUse = (pool: BufferPool, buffer: GPUBuffer) =>
  pool.usedBuffers.get(keyOf(buffer))?.includes(buffer) === true;
