import type { Model } from '@strata/fl-core/models';
import type { DeviceInfo } from '@strata/fl-core/protocol';
import { type ChosenBackend, Trainer } from '@strata/fl-core/training';
import { type LocalTrainer, WeightsSync } from '../work/index.ts';

/** A trainer, and what is known of the weights in it. */
export interface Bench {
  readonly trainer: LocalTrainer;
  readonly weights: WeightsSync;
}

/** Has the device that a client trains on, alone or with others (C2). */
export interface Trainers {
  readonly device: DeviceInfo;
  /** Lets `work` have the trainer, made on the first call; one at a time. Settles as `work` does. */
  use<T>(work: (bench: Bench) => Promise<T>): Promise<T>;
  /** What the trainer holds is in doubt: it is fetched anew. */
  forget(): void;
  /** Gives the device up, so that the next trainer is made on a new one. */
  rebuild(): Promise<void>;
  dispose(): void;
}

/** One trainer on the backend of this thread, for all clients that share it. */
export class SharedTrainer implements Trainers {
  readonly device: DeviceInfo;
  readonly #backend: ChosenBackend;
  readonly #load: () => Promise<Model>;
  readonly #weights: WeightsSync;
  #model: Promise<Model> | null = null;
  #trainer: Trainer | null = null;
  #busy: Promise<unknown> = Promise.resolve();

  /**
   * @param load is called when the trainer is needed first.
   * @param blob the bytes of a layer.
   */
  constructor(
    backend: ChosenBackend,
    load: () => Promise<Model>,
    blob: (sha256: string, signal: AbortSignal) => Promise<Uint8Array>,
  ) {
    const { name, reason, adapter, threads } = backend;
    this.device = { backend: name, reason, adapter, threads };
    this.#backend = backend;
    this.#load = load;
    this.#weights = new WeightsSync(blob);
  }

  use<T>(work: (bench: Bench) => Promise<T>): Promise<T> {
    const done = this.#busy.then(async () => work({ trainer: await this.#open(), weights: this.#weights }));
    this.#busy = done.catch(() => undefined);
    return done;
  }

  forget(): void {
    this.#weights.forget();
  }

  async rebuild(): Promise<void> {
    this.dispose();
    const { recovery } = this.#backend;
    if (recovery !== null && (await recovery.lost())) await recovery.rebuild();
  }

  dispose(): void {
    this.#trainer?.dispose();
    this.#trainer = null;
    this.#weights.forget();
  }

  async #open(): Promise<Trainer> {
    const { recovery, memoryBytes } = this.#backend;
    this.#model ??= this.#load().catch((error: unknown) => {
      this.#model = null; // Its code may arrive the next time.
      throw error;
    });
    const model = await this.#model;
    this.#trainer ??= new Trainer(model, { recovery, memoryBytes });
    return this.#trainer;
  }
}
