import type { Tensor } from '@tensorflow/tfjs-core';
import type { GpuBackend } from '../../../kernels/webgpu/backend.ts';
import { TfjsScalar } from '../activation.ts';
import type { TensorMap } from '../tensors.ts';
import { type Heard, type Repeatable, Repeater, type Told } from './repeater.ts';

/** A training's values, as a step finds and leaves them. */
export interface Moved {
  /** The trained tensors. */
  readonly trained: TensorMap;
  /** What they were before the last step. */
  readonly before: Map<string, Tensor | undefined>;
  /** Called when a step was repeated instead of run. */
  readonly repeated: () => void;
}

interface Kept {
  readonly results: readonly { readonly buffer: GPUBuffer; readonly shape: number[] }[];
  /** From the first buffers of the trained tensors to the second. */
  readonly there: Told;
  readonly back: Told;
}

/** The two buffers between which each trained tensor moves from step to step. */
interface Pair {
  readonly first: ReadonlyMap<string, Tensor>;
  readonly second: ReadonlyMap<string, Tensor>;
}

/**
 * Whole training steps; their results are scalars, to be read before the next step. The trained tensors move between two
 * sets of buffers, so that the values before a step are still there after it.
 */
export class RepeatedStep extends Repeater<TfjsScalar[], Kept> {
  readonly #moved: Moved;
  /** The tensors of the pair. */
  readonly #owned = new Set<Tensor>();
  #pair: Pair | null = null;
  /** Where the run that is recorded finds the trained tensors. */
  #from: ReadonlyMap<string, Tensor> = new Map();

  constructor(backend: GpuBackend, moved: Moved) {
    super(backend);
    this.#moved = moved;
  }

  /** Whether a tensor is one of those that steps are repeated on, so that it must not be disposed of. */
  owns(tensor: Tensor): boolean {
    return this.#owned.has(tensor);
  }

  /** The trained tensors may be gone after it. */
  override dispose(): void {
    super.dispose();
    for (const tensor of this.#owned) {
      this.dataOf(tensor).external = false;
      tensor.dispose();
    }
    this.#owned.clear();
    this.#pair = null;
  }

  protected begin(): void {
    this.#from = new Map(this.#moved.trained.entries());
  }

  protected keep({ recording, result }: Heard<TfjsScalar[]>): Kept | null {
    const from = this.#from;
    const to = new Map(this.#moved.trained.entries());
    const names = [...to.keys()];
    const moves = names.every((name) => {
      const [a, b] = [from.get(name), to.get(name)];
      return a !== undefined && b !== undefined && a !== b && this.bufferOf(a).size === this.bufferOf(b).size;
    });
    if (!moves || from.size !== to.size) return null;
    const results = result.map(({ tensor }) => {
      const buffer = this.bufferOf(tensor);
      this.dataOf(tensor).external = true;
      recording.own(buffer);
      return { buffer, shape: [...tensor.shape] };
    });
    this.#pair ??= this.#adopt(from, to);
    const there = new Map<GPUBuffer, GPUBuffer>();
    const back = new Map<GPUBuffer, GPUBuffer>();
    for (const name of names) {
      const [found, left] = [this.bufferOf(from.get(name)!), this.bufferOf(to.get(name)!)];
      const first = this.bufferOf(this.#pair.first.get(name)!);
      const second = this.bufferOf(this.#pair.second.get(name)!);
      there.set(found, first).set(left, second);
      back.set(found, second).set(left, first);
    }
    return {
      results,
      there: { commands: recording.commands(there), played: false },
      back: { commands: recording.commands(back), played: false },
    };
  }

  protected repeat(kept: Kept & Repeatable, given: readonly Tensor[]): TfjsScalar[] {
    const { first, second } = this.#pair!;
    const { trained, before, repeated } = this.#moved;
    const [name = ''] = first.keys();
    const turned = trained.get(name) === second.get(name);
    const [here, next, told] = turned ? [second, first, kept.back] : [first, second, kept.there];
    const strays = trained.get(name) === here.get(name) ? [] : trained.entries();
    this.play(kept, told, given, (encoder) => {
      // A step of another shape left the values elsewhere.
      for (const [key, tensor] of strays) {
        const home = this.bufferOf(here.get(key)!);
        encoder.copyBufferToBuffer(this.bufferOf(tensor), 0, home, 0, home.size);
      }
    });
    for (const [key, tensor] of strays) {
      this.dataOf(here.get(key)!).values = null;
      tensor.dispose();
    }
    before.clear();
    trained.take();
    for (const [key, tensor] of next) {
      trained.set(key, tensor);
      before.set(key, here.get(key));
      // What was read back before is no longer what the buffer holds.
      this.dataOf(tensor).values = null;
    }
    repeated();
    return kept.results.map(({ buffer, shape }) => new TfjsScalar(this.over(buffer, shape)));
  }

  /** Keeps the buffers of both sides of a step from being given back with their tensors. */
  #adopt(first: ReadonlyMap<string, Tensor>, second: ReadonlyMap<string, Tensor>): Pair {
    for (const tensor of [...first.values(), ...second.values()]) {
      this.dataOf(tensor).external = true;
      this.#owned.add(tensor);
    }
    return { first, second };
  }
}
