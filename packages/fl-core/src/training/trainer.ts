import type { Dataset, ImageDataset, TextDataset } from '../data/datasets/index.ts';
import type { Model } from '../models/model.ts';
import type { NamedTensor } from '../protocol/safetensors.ts';
import { evaluate } from './evaluate.ts';
import type {
  EvaluateOptions,
  EvaluateResult,
  ProbeOptions,
  ProbeResult,
  SumOptions,
  SumResult,
  TrainOptions,
  TrainResult,
} from './jobs.ts';
import { predict } from './predict.ts';
import { isCurrent } from './prefix/prefix.ts';
import { PrefixCache } from './prefix/prefix-cache.ts';
import { trainPrivately } from './private/train-privately.ts';
import { probe } from './probe/probe.ts';
import type { Job } from './progress.ts';
import { surviving } from './recovery.ts';
import { sumFeatures } from './sum-features.ts';
import { TfjsEngine } from './tfjs/engine.ts';
import { type Resumption, train } from './train.ts';
import type { Recovery } from './webgpu.ts';
import { GlobalWeights } from './weights.ts';
import type { Workplace } from './workplace.ts';

export interface TrainerOptions {
  /** Of the chosen backend; without it a lost device ends the job with tfjs's error. */
  readonly recovery?: Recovery | null;
  /** What training may take on this device, in bytes; a job's own option goes first. No limit when absent. */
  readonly memoryBytes?: number | null;
  /** Called when a device was lost and a job is about to go on with a new one. */
  readonly onDeviceLost?: () => void;
}

/**
 * The training endpoint of one client: holds the global model on the current tfjs backend and does one job at a
 * time. Jobs are async generators that yield progress after every batch; ending one early, by `return` or by its
 * abort signal, leaves nothing behind. After every job the weights are the global ones. Between jobs it holds the
 * weights and, within a byte budget, activations of the frozen prefix until a layer below the cut changes; nothing
 * else (C4).
 */
export class Trainer {
  readonly #workplace: Workplace;
  readonly #options: TrainerOptions;

  constructor(model: Model, options: TrainerOptions = {}) {
    const weights = new GlobalWeights(model.layout);
    const engine = new TfjsEngine(model, (name) => weights.value(name));
    this.#workplace = { engine, weights, cache: new PrefixCache(), footprints: new Map() };
    this.#options = options;
  }

  /** Replaces the global values of a layer. Throws `wrong-layers` or `wrong-tensor`. */
  setLayer(layer: string, tensors: readonly NamedTensor[]): void {
    const { engine, weights, cache } = this.#workplace;
    if (!weights.set(layer, tensors)) return;
    engine.forget(layer);
    cache.retain((prefix) => isCurrent(prefix, engine.stages, weights));
  }

  /** Bytes of activations that are kept from one job to the next. */
  get cachedBytes(): number {
    return this.#workplace.cache.bytes;
  }

  /** Scores of the selectable layers from a few batches. Throws `non-finite`, `bad-model`, `bad-request`. */
  probe(data: Dataset, options: ProbeOptions): Job<ProbeResult> {
    return this.#surviving(() => probe(this.#workplace, data, options));
  }

  /**
   * Trains some layers and returns their deltas. Throws `non-finite`, `wrong-layers`, `bad-model`, `bad-request`, and
   * `too-large` when it does not fit into memory.
   */
  train(data: Dataset, options: TrainOptions): Job<TrainResult> {
    const { memoryBytes, recovery = null } = this.#options;
    const limit = memoryBytes === undefined || memoryBytes === null ? {} : { memoryBytes };
    // What is trained under noise begins anew then: nothing of it has left, and so nothing was spent.
    const { privacy } = options;
    if (privacy !== undefined) {
      return this.#surviving(() => trainPrivately(this.#workplace, data, { ...limit, ...options, privacy }));
    }
    // Reading everything back after each epoch is worth it only where something can be lost.
    const resumption: Resumption | null = recovery === null ? null : { last: null };
    return this.#surviving(() => train(this.#workplace, data, { ...limit, ...options }, resumption));
  }

  /** Sums that the head is computed from, instead of training it. Throws `bad-config` for a model without such a head. */
  sumFeatures(data: Dataset, options: SumOptions): Job<SumResult> {
    return this.#surviving(() => sumFeatures(this.#workplace, data, options));
  }

  /** Loss and accuracy of the global model. Throws `non-finite`, `bad-model`. */
  evaluate(data: Dataset, options: EvaluateOptions): Job<EvaluateResult> {
    return this.#surviving(() => evaluate(this.#workplace, data, options));
  }

  /** Logits of the global model for pictures or texts, in their order. Throws `bad-model`. */
  predict(data: ImageDataset | TextDataset, options: EvaluateOptions): Job<readonly Float32Array[]> {
    return this.#surviving(() => predict(this.#workplace, data, options));
  }

  /** Frees the tensors; the trainer can be used again, at the price of uploading them. */
  dispose(): void {
    const { engine, cache } = this.#workplace;
    cache.clear();
    engine.release();
  }

  async *#surviving<Result>(start: () => Job<Result>): Job<Result> {
    const { recovery = null, onDeviceLost } = this.#options;
    const forget = () => {
      this.dispose();
      onDeviceLost?.();
    };
    try {
      return yield* surviving(recovery, forget, start);
    } finally {
      // The next job's layers, and so its sizes, are others.
      this.#workplace.engine.trim();
    }
  }
}
