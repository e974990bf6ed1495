import { type Dataset, sampleCount } from '@strata/fl-core/data';
import type { LocalConfig } from '@strata/fl-core/protocol';
import { type GlobalModel, meanUpdate, type Update } from './global-model.ts';

export interface ClientData {
  readonly train: Dataset;
  readonly heldOut: Dataset;
}

/** By how much the loss falls when a client trains a layer beside the head, beyond what the head alone brings. */
export interface Decreases {
  /** On the client's own held-out data, one a selectable layer. */
  readonly own: readonly number[];
  /** On that of all clients together. */
  readonly pooled: readonly number[];
}

interface Oracle {
  /** Of each client. */
  readonly clients: readonly Decreases[];
  /** On all held-out data, when all clients train the same layer and their updates are averaged, one a layer. */
  readonly common: readonly number[];
}

/**
 * What training each layer really brings: every client trains it, and the head, for a round, and everything is measured
 * on data that nobody trains on. Every layer is trained on the same batches in the same order.
 */
export async function oracle(
  model: GlobalModel,
  clients: readonly ClientData[],
  local: LocalConfig,
  seed: number,
): Promise<Oracle> {
  const heldOut = clients.map((c) => c.heldOut);
  const weights = clients.map((c) => sampleCount(c.train));
  const losses = (update: Update) => model.with(update, () => model.losses(heldOut));
  /** With these layers beside the head: each client's losses after its own training, and that of the average. */
  const after = async (layers: readonly string[]) => {
    const updates: Update[] = [];
    const own = [];
    for (const [i, { train }] of clients.entries()) {
      const update = await model.train(train, [...layers, ...model.heads], local, seed + i);
      const { each, all } = await losses(update);
      updates.push(update);
      own.push({ own: each[i]!, pooled: all });
    }
    return { own, common: (await losses(meanUpdate(updates, weights))).all };
  };
  const head = await after([]);
  const tried: Awaited<ReturnType<typeof after>>[] = [];
  for (const layer of model.selectable) tried.push(await after([layer]));
  return {
    clients: clients.map((_, i) => ({
      own: tried.map((t) => head.own[i]!.own - t.own[i]!.own),
      pooled: tried.map((t) => head.own[i]!.pooled - t.own[i]!.pooled),
    })),
    common: tried.map((t) => head.common - t.common),
  };
}
