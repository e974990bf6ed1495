import { type Dataset, sampleCount } from '@strata/fl-core/data';
import { alwaysTrained, type ModelLayout, selectableLayers } from '@strata/fl-core/models/layouts';
import type { LocalConfig, NamedTensor } from '@strata/fl-core/protocol';
import { finish, type Trainer } from '@strata/fl-core/training';

export type Update = readonly NamedTensor[];

/** Samples a forward pass. */
const evaluationBatch = 64;

/** A global model in a trainer, which can be moved, and moved for a while. */
export class GlobalModel {
  readonly layout: ModelLayout;
  readonly trainer: Trainer;
  /** In forward order. */
  readonly selectable: readonly string[];
  readonly heads: readonly string[];
  readonly #values: Map<string, NamedTensor>;

  /** @throws ReferenceError when `start` lacks a tensor of the layout. */
  constructor(layout: ModelLayout, start: Update, trainer: Trainer) {
    this.layout = layout;
    this.trainer = trainer;
    this.selectable = selectableLayers(layout);
    this.heads = alwaysTrained(layout);
    this.#values = new Map(start.map((t) => [t.name, t]));
    for (const { name } of layout.layers) trainer.setLayer(name, this.#tensorsOf(name));
  }

  /** Parameters of a layer, one tensor after the other, (P). */
  parameters(layer: string): Float32Array {
    return joined(this.#tensorsOf(layer));
  }

  /** Adds an update of whole layers to the model. */
  apply(update: Update): void {
    for (const { name, shape, data } of update) {
      const before = this.#value(name).data;
      this.#values.set(name, { name, shape, data: data.map((d, i) => d + before[i]!) });
    }
    for (const layer of this.#layersOf(update)) this.trainer.setLayer(layer, this.#tensorsOf(layer));
  }

  /** What `work` makes of the model with an update; afterwards the model is what it was, to the bit. */
  async with<Result>(update: Update, work: () => Promise<Result>): Promise<Result> {
    const before = update.map(({ name }) => this.#value(name));
    this.apply(update);
    try {
      return await work();
    } finally {
      for (const tensor of before) this.#values.set(tensor.name, tensor);
      for (const layer of this.#layersOf(update)) this.trainer.setLayer(layer, this.#tensorsOf(layer));
    }
  }

  async train(data: Dataset, layers: readonly string[], local: LocalConfig, seed: number): Promise<Update> {
    const { update } = await finish(this.trainer.train(data, { layers, local, seed }));
    return update;
  }

  /** Mean loss over the samples. */
  async loss(data: Dataset): Promise<number> {
    return (await finish(this.trainer.evaluate(data, { batchSize: evaluationBatch }))).loss;
  }

  /** Mean loss over the samples of all `parts` together, and of each. */
  async losses(
    parts: readonly Dataset[],
  ): Promise<{ readonly each: readonly number[]; readonly all: number }> {
    const each: number[] = [];
    for (const part of parts) each.push(await this.loss(part));
    const counts = parts.map(sampleCount);
    const total = counts.reduce((a, b) => a + b, 0);
    return { each, all: each.reduce((sum, loss, i) => sum + (loss * counts[i]!) / total, 0) };
  }

  #tensorsOf(layer: string): NamedTensor[] {
    const found = this.layout.layers.find(({ name }) => name === layer);
    if (found === undefined) throw new ReferenceError(`The model has no layer ${layer}.`);
    return found.tensors.map(({ name }) => this.#value(name));
  }

  #value(name: string): NamedTensor {
    const tensor = this.#values.get(name);
    if (tensor === undefined) throw new ReferenceError(`The start point lacks ${name}.`);
    return tensor;
  }

  #layersOf(update: Update): string[] {
    const names = new Set(update.map(({ name }) => name));
    return this.layout.layers.filter((l) => l.tensors.some((t) => names.has(t.name))).map((l) => l.name);
  }
}

/** Tensors one after the other, (P). */
export function joined(tensors: Update): Float32Array {
  const all = new Float32Array(tensors.reduce((n, { data }) => n + data.length, 0));
  let at = 0;
  for (const { data } of tensors) {
    all.set(data, at);
    at += data.length;
  }
  return all;
}

/** The weighted mean of updates of the same tensors. */
export function meanUpdate(updates: readonly Update[], weights: readonly number[]): Update {
  const total = weights.reduce((a, b) => a + b, 0);
  return (updates[0] ?? []).map(({ name, shape }, t) => {
    const data = new Float32Array(updates[0]![t]!.data.length);
    updates.forEach((update, i) => {
      const share = weights[i]! / total;
      const own = update[t]!.data;
      for (let k = 0; k < data.length; k++) data[k] = data[k]! + share * own[k]!;
    });
    return { name, shape, data };
  });
}
