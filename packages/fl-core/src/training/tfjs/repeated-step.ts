import { engine, type Tensor } from '@tensorflow/tfjs-core';
import type { GpuBackend, GpuData } from '../../kernels/webgpu/backend.ts';
import { type Command, Recording } from '../../kernels/webgpu/recording.ts';
import { hostNumbers } from '../../kernels/webgpu/uploads.ts';
import { TfjsScalar } from './activation.ts';
import { poolLimit, submitRecorded } from './buffer-pool.ts';
import type { TensorMap } from './tensors.ts';

/** A training's values, as a step finds and leaves them. */
export interface Moved {
  /** The trained tensors. */
  readonly trained: TensorMap;
  /** What they were before the last step. */
  readonly before: Map<string, Tensor | undefined>;
}

/** Shapes of a batch that are worth a recording of their own: a text run has as many as its batches have lengths. */
const mostRecordings = 4;

/** Steps that may differ from the one before: in the first ones weights are uploaded and moments made. */
const mostAttempts = 4;

type Known =
  | { readonly kind: 'seen' }
  /** Not the same twice yet. */
  | { readonly kind: 'heard'; readonly attempts: number; readonly last: Recording | null }
  | { readonly kind: 'kept'; readonly step: Kept }
  | { readonly kind: 'given-up' };

interface Kept {
  readonly recording: Recording;
  /** Where the step finds what changes from step to step; tensors of its own. */
  readonly slots: readonly Tensor[];
  readonly results: readonly Result[];
  /** From the first buffers of the trained tensors to the second. */
  readonly there: Told;
  readonly back: Told;
}

interface Told {
  readonly commands: readonly Command[];
  /** Whether the device has heard them once. */
  played: boolean;
}

interface Result {
  readonly buffer: GPUBuffer;
  readonly shape: number[];
}

/** The two buffers between which each trained tensor moves from step to step. */
interface Pair {
  readonly first: ReadonlyMap<string, Tensor>;
  readonly second: ReadonlyMap<string, Tensor>;
}

/**
 * Training steps on WebGPU that are told to the device again as they were told before, for batches of the same shapes.
 * A step is repeated once two steps in a row were told in the same words; what differs between steps (the batch, its
 * targets, the optimizer's pace) are arguments that are copied to where the recorded step finds them. The trained
 * tensors move between two sets of buffers, so that the values before a step are still there after it.
 */
export class RepeatedStep {
  readonly #backend: GpuBackend;
  readonly #moved: Moved;
  readonly #known = new Map<string, Known>();
  /** The tensors of the pair. */
  readonly #owned = new Set<Tensor>();
  #pair: Pair | null = null;
  /** What the device made of the first play of a recording. */
  #failure: string | null = null;

  constructor(backend: GpuBackend, moved: Moved) {
    this.#backend = backend;
    this.#moved = moved;
  }

  /**
   * Does a step with what is `given`, by `work` or by repeating it; returns scalars, to be read before the next step.
   * `work` moves the trained tensors and takes what is given, or tensors in its place; `repeated` is called when it was not run.
   */
  run(
    name: string,
    given: readonly Tensor[],
    work: (own: readonly Tensor[]) => TfjsScalar[],
    repeated: () => void,
  ): TfjsScalar[] {
    if (this.#failure !== null)
      throw new Error(`A repeated training step failed on the device: ${this.#failure}`);
    const key = [name, ...given.map((t) => `${t.dtype} ${t.shape.join()}`)].join(' | ');
    const known = this.#known.get(key);
    switch (known?.kind) {
      case undefined:
        this.#known.set(key, { kind: this.#room ? 'seen' : 'given-up' });
        return work(given);
      case 'seen':
        return this.#record(key, 1, null, given, work);
      case 'heard':
        return this.#record(key, known.attempts + 1, known.last, given, work);
      case 'kept':
        repeated();
        return this.#repeat(known.step, given);
      case 'given-up':
        return work(given);
      default:
        return known satisfies never;
    }
  }

  /** Whether a tensor is one of those that steps are repeated on, so that it must not be disposed of. */
  owns(tensor: Tensor): boolean {
    return this.#owned.has(tensor);
  }

  /** Gives all buffers back; the trained tensors may be gone after it. */
  dispose(): void {
    for (const known of this.#known.values()) {
      if (known.kind !== 'kept') continue;
      for (const slot of known.step.slots) slot.dispose();
      known.step.recording.release();
    }
    this.#known.clear();
    for (const tensor of this.#owned) {
      this.#data(tensor).external = false;
      tensor.dispose();
    }
    this.#owned.clear();
    this.#pair = null;
  }

  get #room(): boolean {
    return [...this.#known.values()].filter((k) => k.kind !== 'given-up').length < mostRecordings;
  }

  #record(
    key: string,
    attempts: number,
    last: Recording | null,
    given: readonly Tensor[],
    work: (own: readonly Tensor[]) => TfjsScalar[],
  ): TfjsScalar[] {
    const slots = given.map((t) => this.#slot(t));
    const { device } = this.#backend;
    const encoder = device.createCommandEncoder();
    submitRecorded();
    this.#fill(encoder, slots, given);
    device.queue.submit([encoder.finish()]);
    const from = new Map(this.#moved.trained.entries());
    const { result, recording } = Recording.of(this.#backend, () => work(slots));
    if (recording !== null && last?.equals(recording) === true) {
      const step = this.#keep(recording, slots, from, result);
      if (step !== null) {
        this.#known.set(key, { kind: 'kept', step });
        return result;
      }
    }
    for (const slot of slots) slot.dispose();
    recording?.release();
    this.#known.set(
      key,
      recording === null || attempts >= mostAttempts
        ? { kind: 'given-up' }
        : { kind: 'heard', attempts, last: recording },
    );
    return result;
  }

  /** What is needed to repeat the step that was just recorded; null when it cannot be. */
  #keep(
    recording: Recording,
    slots: readonly Tensor[],
    from: ReadonlyMap<string, Tensor>,
    result: readonly TfjsScalar[],
  ): Kept | null {
    const to = new Map(this.#moved.trained.entries());
    const names = [...to.keys()];
    const moves = names.every((name) => {
      const [a, b] = [from.get(name), to.get(name)];
      return a !== undefined && b !== undefined && a !== b && this.#buffer(a).size === this.#buffer(b).size;
    });
    if (!moves || from.size !== to.size || this.#tight(recording)) return null;
    const results = result.map(({ tensor }) => {
      const buffer = this.#buffer(tensor);
      this.#data(tensor).external = true;
      recording.own(buffer);
      return { buffer, shape: [...tensor.shape] };
    });
    this.#pair ??= this.#adopt(from, to);
    const there = new Map<GPUBuffer, GPUBuffer>();
    const back = new Map<GPUBuffer, GPUBuffer>();
    for (const name of names) {
      const [found, left] = [this.#buffer(from.get(name)!), this.#buffer(to.get(name)!)];
      const first = this.#buffer(this.#pair.first.get(name)!);
      const second = this.#buffer(this.#pair.second.get(name)!);
      there.set(found, first).set(left, second);
      back.set(found, second).set(left, first);
    }
    return {
      recording,
      slots,
      results,
      there: { commands: recording.commands(there), played: false },
      back: { commands: recording.commands(back), played: false },
    };
  }

  /** Whether the pool would have to hold more than it may, with a step of another shape beside this one. */
  #tight({ bytes }: Recording): boolean {
    return this.#backend.bufferManager.numBytesUsed + bytes > poolLimit();
  }

  /** Keeps the buffers of both sides of a step from being given back with their tensors. */
  #adopt(first: ReadonlyMap<string, Tensor>, second: ReadonlyMap<string, Tensor>): Pair {
    for (const tensor of [...first.values(), ...second.values()]) {
      this.#data(tensor).external = true;
      this.#owned.add(tensor);
    }
    return { first, second };
  }

  #repeat({ recording, slots, results, there, back }: Kept, given: readonly Tensor[]): TfjsScalar[] {
    const { first, second } = this.#pair!;
    const { trained, before } = this.#moved;
    const [name = ''] = first.keys();
    const turned = trained.get(name) === second.get(name);
    const [here, next, told] = turned ? [second, first, back] : [first, second, there];
    const strays = trained.get(name) === here.get(name) ? [] : trained.entries();
    this.#watched(told, () => {
      recording.play((encoder) => {
        this.#fill(encoder, slots, given);
        // A step of another shape left the values elsewhere.
        for (const [key, tensor] of strays) {
          const home = this.#buffer(here.get(key)!);
          encoder.copyBufferToBuffer(this.#buffer(tensor), 0, home, 0, home.size);
        }
      }, told.commands);
    });
    for (const [, tensor] of strays) tensor.dispose();
    before.clear();
    trained.take();
    for (const [key, tensor] of next) {
      trained.set(key, tensor);
      before.set(key, here.get(key));
      // What was read back before is no longer what the buffer holds.
      this.#data(tensor).values = null;
    }
    return results.map((result) => this.#scalarIn(result));
  }

  /** An invalid command is ignored by the device: said at the next step, as nobody waits for the first one. */
  #watched(told: Told, play: () => void): void {
    if (told.played) {
      play();
      return;
    }
    told.played = true;
    const { device } = this.#backend;
    device.pushErrorScope('validation');
    play();
    device.popErrorScope().then(
      (error) => {
        if (error !== null) this.#failure = error.message;
      },
      () => {}, // The device is lost, which whoever reads from it is told.
    );
  }

  /** Brings the arguments of a step to where a recorded one finds them. */
  #fill(encoder: GPUCommandEncoder, slots: readonly Tensor[], given: readonly Tensor[]): void {
    for (const [i, slot] of slots.entries()) {
      const to = this.#buffer(slot);
      const data = this.#data(given[i]!);
      const numbers = data.resource ? null : hostNumbers(data);
      if (numbers === null) encoder.copyBufferToBuffer(this.#buffer(given[i]!), 0, to, 0, to.size);
      else this.#backend.device.queue.writeBuffer(to, 0, numbers);
    }
  }

  /** A tensor on the device, as `like`; what it holds is not set. */
  #slot({ shape, dtype }: Tensor): Tensor {
    const info = this.#backend.makeTensorInfo([...shape], dtype);
    this.#backend.uploadToGPU(info.dataId);
    return engine().makeTensorFromTensorInfo(info);
  }

  #scalarIn({ buffer, shape }: Result): TfjsScalar {
    const info = this.#backend.makeTensorInfo(shape, 'float32');
    Object.assign(this.#backend.tensorMap.get(info.dataId), { resource: buffer, external: true });
    return new TfjsScalar(engine().makeTensorFromTensorInfo(info));
  }

  #data = ({ dataId }: Tensor): GpuData => this.#backend.tensorMap.get(dataId);

  #buffer({ dataId }: Tensor): GPUBuffer {
    this.#backend.uploadToGPU(dataId);
    const { resource } = this.#backend.tensorMap.get(dataId);
    if (!resource) throw new ReferenceError('A tensor of a training step is not on the device.');
    return resource;
  }
}
