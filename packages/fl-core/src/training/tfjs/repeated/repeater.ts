import { engine, type Tensor } from '@tensorflow/tfjs-core';
import type { GpuBackend, GpuData } from '../../../kernels/webgpu/backend.ts';
import type { Command } from '../../../kernels/webgpu/listener.ts';
import { Recording } from '../../../kernels/webgpu/recording.ts';
import { hostNumbers } from '../../../kernels/webgpu/uploads.ts';
import { poolLimit, submitRecorded } from '../buffer-pool.ts';

/** Shapes of a batch that are worth a recording of their own: a text run has as many as its batches have lengths. */
const mostRecordings = 4;

/** Runs that may differ from the one before: in the first ones weights are uploaded and moments made. */
const mostAttempts = 4;

type Known<Kept> =
  | { readonly kind: 'seen' }
  /** Not the same twice yet. */
  | { readonly kind: 'heard'; readonly attempts: number; readonly last: Recording }
  | { readonly kind: 'kept'; readonly kept: Kept }
  | { readonly kind: 'given-up' };

/** A recording and where it finds what changes from run to run: tensors of its own. */
export interface Repeatable {
  readonly recording: Recording;
  readonly slots: readonly Tensor[];
}

/** What a run found and left, once it was heard to be the same as the one before. */
export interface Heard<Result> extends Repeatable {
  readonly result: Result;
}

/** Commands, and whether the device has heard them once. */
export interface Told {
  readonly commands: readonly Command[];
  played: boolean;
}

/**
 * Work on WebGPU that is told to the device again as it was told before, for inputs of the same shapes. It is repeated
 * once two runs in a row were told in the same words; what differs between runs must be among what is given to it.
 */
export abstract class Repeater<Result, Kept extends object> {
  readonly backend: GpuBackend;
  readonly #known = new Map<string, Known<Kept & Repeatable>>();
  /** What the device made of the first play of a recording. */
  #failure: string | null = null;

  constructor(backend: GpuBackend) {
    this.backend = backend;
  }

  /**
   * The result of `work` on what is given, or on tensors in its place, by running or by repeating it.
   * @throws Error once the device has found something wrong with what it was told again.
   */
  run(name: string, given: readonly Tensor[], work: (own: readonly Tensor[]) => Result): Result {
    if (this.#failure !== null) throw new Error(`The device refused a repeated command: ${this.#failure}`);
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
        return this.repeat(known.kept, given);
      case 'given-up':
        return work(given);
      default:
        return known satisfies never;
    }
  }

  /** Forgets everything and gives all buffers back. */
  dispose(): void {
    for (const known of this.#known.values()) {
      if (known.kind !== 'kept') continue;
      for (const slot of known.kept.slots) slot.dispose();
      known.kept.recording.release();
    }
    this.#known.clear();
  }

  /** Called before a run that is recorded. */
  protected abstract begin(): void;
  /** What is needed to repeat the run that was just recorded; null when it cannot be. */
  protected abstract keep(heard: Heard<Result>): Kept | null;
  protected abstract repeat(kept: Kept & Repeatable, given: readonly Tensor[]): Result;

  /** What the caller is given of the run that was recorded. */
  protected handOut(_kept: Kept, result: Result): Result {
    return result;
  }

  /** Tells the device what it was told before, about what is given now; `first` comes before it. */
  protected play(
    { recording, slots }: Repeatable,
    told: Told,
    given: readonly Tensor[],
    first: (encoder: GPUCommandEncoder) => void = () => {},
  ): void {
    this.#watched(told, () => {
      recording.play((encoder) => {
        this.#fill(encoder, slots, given);
        first(encoder);
      }, told.commands);
    });
  }

  /** A tensor over a buffer that it does not own. */
  protected over(buffer: GPUBuffer, shape: readonly number[]): Tensor {
    const info = this.backend.makeTensorInfo([...shape], 'float32');
    Object.assign(this.backend.tensorMap.get(info.dataId), { resource: buffer, external: true });
    return engine().makeTensorFromTensorInfo(info);
  }

  protected dataOf({ dataId }: Tensor): GpuData {
    return this.backend.tensorMap.get(dataId);
  }

  protected bufferOf({ dataId }: Tensor): GPUBuffer {
    this.backend.uploadToGPU(dataId);
    const { resource } = this.backend.tensorMap.get(dataId);
    if (!resource) throw new ReferenceError('A tensor that is repeated on is not on the device.');
    return resource;
  }

  get #room(): boolean {
    return [...this.#known.values()].filter((k) => k.kind !== 'given-up').length < mostRecordings;
  }

  #record(
    key: string,
    attempts: number,
    last: Recording | null,
    given: readonly Tensor[],
    work: (own: readonly Tensor[]) => Result,
  ): Result {
    const slots = given.map((t) => this.#slot(t));
    const { device } = this.backend;
    submitRecorded();
    const encoder = device.createCommandEncoder();
    this.#fill(encoder, slots, given);
    device.queue.submit([encoder.finish()]);
    this.begin();
    const { result, recording } = Recording.of(this.backend, () => work(slots));
    if (recording !== null && last?.equals(recording) === true && !this.#tight(recording)) {
      const kept = this.keep({ recording, slots, result });
      if (kept !== null) {
        this.#known.set(key, { kind: 'kept', kept: { ...kept, recording, slots } });
        return this.handOut(kept, result);
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

  /** Whether the pool would have to hold more than it may, with work of another shape beside this. */
  #tight({ bytes }: Recording): boolean {
    return this.backend.bufferManager.numBytesUsed + bytes > poolLimit();
  }

  /** An invalid command is ignored by the device: said at the next run, as nobody waits for this one. */
  #watched(told: Told, play: () => void): void {
    if (told.played) {
      play();
      return;
    }
    told.played = true;
    const { device } = this.backend;
    device.pushErrorScope('validation');
    play();
    device.popErrorScope().then(
      (error) => {
        if (error !== null) this.#failure = error.message;
      },
      () => {}, // The device is lost, which whoever reads from it is told.
    );
  }

  /** Brings what is given to where the recorded work finds it. */
  #fill(encoder: GPUCommandEncoder, slots: readonly Tensor[], given: readonly Tensor[]): void {
    for (const [i, slot] of slots.entries()) {
      const to = this.bufferOf(slot);
      const data = this.dataOf(given[i]!);
      const numbers = data.resource ? null : hostNumbers(data);
      if (numbers === null) encoder.copyBufferToBuffer(this.bufferOf(given[i]!), 0, to, 0, to.size);
      else this.backend.device.queue.writeBuffer(to, 0, numbers);
    }
  }

  /** A tensor on the device, as `like`; what it holds is not set. */
  #slot({ shape, dtype }: Tensor): Tensor {
    const info = this.backend.makeTensorInfo([...shape], dtype);
    this.backend.uploadToGPU(info.dataId);
    return engine().makeTensorFromTensorInfo(info);
  }
}
