import type { Worker } from 'node:worker_threads';
import { type LayerUpdate, ruleNamed } from '@strata/fl-core/aggregation';
import { type LayerSpec, parameterCount } from '@strata/fl-core/models/layouts';
import { type AggregationConfig, type ErrorBody, StrataError } from '@strata/fl-core/protocol';
import { damaged, type LayerStep, stepLayer } from '@strata/fl-core/rounds';
import { TensorFile } from '../../store/tensor-file.ts';
import { nextMessage } from '../../threads/next-message.ts';
import { startThread } from '../../threads/start-thread.ts';

/** Layers stepped by the updates in their files: here, or in the thread of step-thread.ts, which loads this too. */

/** An update that was counted, in its file on disk. */
export interface SpooledUpdate {
  readonly client: string;
  /** d_i, the number of training samples. */
  readonly samples: number;
  /** Layers it holds. */
  readonly layers: readonly string[];
  readonly path: string;
}

export type StepJob = Parameters<typeof stepSpooled>;
export type StepReply =
  | { readonly kind: 'stepped'; readonly step: LayerStep }
  // A class does not survive the way between threads.
  | { readonly kind: 'refused'; readonly body: ErrorBody };

/** Values of all updates of a layer up to which a rule that looks at them side by side takes some milliseconds. */
const fewValues = 1_000_000;

/**
 * {@link stepSpooled} for the layers of one round, without holding up the server. Sums give way to it between two
 * pieces; ranks and distances over hundreds of clients take seconds, and so have a thread of their own, which is
 * started for the first layer that needs it. The bytes are the same either way.
 */
export class LayerSteps {
  #thread: Worker | null = null;

  /** One at a time. */
  async step(...job: StepJob): Promise<LayerStep> {
    const [{ rule }, layer, , , updates] = job;
    const values = updates.filter((u) => u.layers.includes(layer.name)).length * parameterCount(layer);
    if (!ruleNamed(rule.name).sideBySide || values <= fewValues) return stepSpooled(...job);
    this.#thread ??= startThread(new URL('./step-thread.ts', import.meta.url), {});
    const answer = nextMessage<StepReply>(this.#thread);
    this.#thread.postMessage(job);
    const reply = await answer.catch(async (error: unknown) => {
      await this.close(); // it has ended; the next layer starts another
      throw error;
    });
    switch (reply.kind) {
      case 'stepped':
        return reply.step;
      case 'refused':
        throw StrataError.fromBody(reply.body);
      default:
        return reply satisfies never;
    }
  }

  async close(): Promise<void> {
    await this.#thread?.terminate();
    this.#thread = null;
  }
}

/** {@link stepLayer} with updates in their files: those among them that hold the layer. */
export async function stepSpooled(
  config: AggregationConfig,
  layer: LayerSpec,
  before: Uint8Array,
  state: Uint8Array | null,
  updates: readonly SpooledUpdate[],
): Promise<LayerStep> {
  const spooled = new SpooledLayer(layer, updates);
  return stepLayer(config, layer, before, state, spooled.updates).finally(() => spooled.close());
}

/** Files kept open at once; every system allows as many. Those beyond are opened for each piece. */
const mostOpen = 256;

/**
 * One layer of many updates, read from their files in pieces: memory is that of a piece. A layer's values are those
 * of its tensors in the layout's order, whatever their order in the file.
 */
class SpooledLayer {
  readonly updates: readonly LayerUpdate[];
  readonly #layer: LayerSpec;
  readonly #open = new Map<string, TensorFile>();
  #buffer = new Float32Array(0);

  constructor(layer: LayerSpec, updates: readonly SpooledUpdate[]) {
    this.#layer = layer;
    this.updates = updates
      .filter((u) => u.layers.includes(layer.name))
      .map(({ client, samples, path }) => ({
        client,
        samples,
        read: (offset, length) => this.#read(path, offset, length),
      }));
  }

  async close(): Promise<void> {
    const files = [...this.#open.values()];
    this.#open.clear();
    for (const file of files) await file.close();
  }

  async #read(path: string, offset: number, length: number): Promise<Float32Array> {
    if (this.#buffer.length < length) this.#buffer = new Float32Array(length);
    const known = this.#open.get(path);
    const file = known ?? (await TensorFile.open(path));
    const keep = known !== undefined || this.#open.size < mostOpen;
    if (keep) this.#open.set(path, file);
    try {
      const values = this.#buffer.subarray(0, length);
      await this.#fill(file, offset, values);
      return values;
    } finally {
      if (!keep) await file.close();
    }
  }

  /** Values [offset, offset + into.length) of the layer: parts of one or several tensors. */
  async #fill(file: TensorFile, offset: number, into: Float32Array): Promise<void> {
    let start = 0;
    for (const { name, shape } of this.#layer.tensors) {
      const end = start + shape.reduce((a, b) => a * b, 1);
      const from = Math.max(start, offset);
      const to = Math.min(end, offset + into.length);
      if (from < to) {
        const entry = file.header.tensors.get(name);
        if (!entry) throw damaged(this.#layer.name);
        await file.read(entry, from - start, into.subarray(from - offset, to - offset));
      }
      start = end;
    }
  }
}
