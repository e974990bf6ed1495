import type { Model } from '@strata/fl-core/models';
import type { DeviceInfo } from '@strata/fl-core/protocol';
import { type ChosenBackend, chooseBackend, Trainer } from '@strata/fl-core/training';
import plainWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simdWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threadedWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import type { BackendName } from './options.ts';
import type { TrainerSource } from './session.ts';

/** The worker's tfjs backend and the trainer on it. */
export class BackendTrainers implements TrainerSource {
  readonly device: DeviceInfo;
  readonly #backend: ChosenBackend;
  readonly #load: () => Promise<Model>;
  #model: Promise<Model> | null = null;
  #trainer: Trainer | null = null;

  private constructor(backend: ChosenBackend, load: () => Promise<Model>) {
    const { name, reason, adapter, threads } = backend;
    this.device = { backend: name, reason, adapter, threads };
    this.#backend = backend;
    this.#load = load;
  }

  /** Chooses the backend (C2) and starts it. `load` is called when the first trainer is needed. */
  static async start(force: BackendName | undefined, load: () => Promise<Model>): Promise<BackendTrainers> {
    const backend = await chooseBackend({
      ...(force === undefined ? {} : { force }),
      wasmPaths: {
        'tfjs-backend-wasm.wasm': plainWasm,
        'tfjs-backend-wasm-simd.wasm': simdWasm,
        'tfjs-backend-wasm-threaded-simd.wasm': threadedWasm,
      },
    });
    return new BackendTrainers(backend, load);
  }

  async trainer(): Promise<Trainer> {
    const { recovery, memoryBytes } = this.#backend;
    this.#model ??= this.#load().catch((error: unknown) => {
      this.#model = null; // Its code may arrive the next time.
      throw error;
    });
    const model = await this.#model;
    this.#trainer ??= new Trainer(model, { recovery, memoryBytes });
    return this.#trainer;
  }

  async rebuild(): Promise<void> {
    this.dispose();
    const { recovery } = this.#backend;
    if (recovery !== null && (await recovery.lost())) await recovery.rebuild();
  }

  dispose(): void {
    this.#trainer?.dispose();
    this.#trainer = null;
  }
}
