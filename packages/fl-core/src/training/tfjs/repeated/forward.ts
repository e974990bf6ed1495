import { engine, type Tensor } from '@tensorflow/tfjs-core';
import { TfjsActivation } from '../activation.ts';
import { type Heard, type Repeatable, Repeater, type Told } from './repeater.ts';

interface Kept {
  /** What it gives, the mask last: where that is, and its shape. */
  readonly outputs: readonly { readonly buffer: GPUBuffer; readonly shape: number[] }[];
  readonly told: Told;
}

/** Forward passes through stages whose weights stay as they are until it is disposed of. */
export class RepeatedForward extends Repeater<TfjsActivation, Kept> {
  protected begin(): void {}

  protected keep({ recording, slots, result }: Heard<TfjsActivation>): Kept | null {
    const given = new Set(slots.map((slot) => this.bufferOf(slot)));
    const tensors = result.mask === undefined ? [result.x] : [result.x, result.mask];
    const outputs = tensors.map((tensor) => {
      const buffer = this.bufferOf(tensor);
      // A mask is handed on as it came.
      if (!given.has(buffer)) {
        this.dataOf(tensor).external = true;
        recording.own(buffer);
      }
      return { buffer, shape: [...tensor.shape] };
    });
    return { outputs, told: { commands: recording.commands(new Map()), played: false } };
  }

  protected repeat(kept: Kept & Repeatable, given: readonly Tensor[]): TfjsActivation {
    this.play(kept, kept.told, given);
    return this.handOut(kept);
  }

  /** Copies, which may be kept for longer than until the next run. */
  protected override handOut({ outputs }: Kept, result?: TfjsActivation): TfjsActivation {
    const { device } = this.backend;
    const encoder = device.createCommandEncoder();
    const [x, mask] = outputs.map(({ buffer, shape }) => {
      const info = this.backend.makeTensorInfo(shape, 'float32');
      const tensor = engine().makeTensorFromTensorInfo(info);
      encoder.copyBufferToBuffer(buffer, 0, this.bufferOf(tensor), 0, buffer.size);
      return tensor;
    });
    device.queue.submit([encoder.finish()]);
    result?.dispose();
    return new TfjsActivation(mask === undefined ? { x: x! } : { x: x!, mask });
  }
}
