import { initialLayer, specOf } from '@strata/fl-core/models/layouts';
import { encodeSafetensors, RunConfig } from '@strata/fl-core/protocol';
import { layoutFor } from '@strata/fl-core/rounds';
import { syntheticDelta } from '@strata/fl-core/rounds/testing';
import { type Plan, simulationOf } from './config.ts';
import type { PlayEnd, play, RoundRow } from './play.ts';
import type { PoolJob } from './worker/pool.ts';

/** Simulated runs without training: what devices answer follows from the seed of their work. */

/** A run that a buffer can be made with. */
export const config = (more: object = {}): RunConfig =>
  RunConfig.parse({
    name: 'buffered',
    purpose: { kind: 'test', sampling: 1 },
    model: 'vit-nano',
    side: 16,
    data: { kind: 'image' },
    labels: ['a', 'b', 'c'],
    strategy: { name: 'lisa' },
    rounds: 12,
    aggregation: { rule: { name: 'mean' }, weightCap: null },
    local: { holdOut: 0.1 },
    ...more,
  });
/** Eight clients. */
export const planOf = (more: object = {}): Plan =>
  simulationOf(
    {
      name: 'test',
      base: {
        data: { sample: 'fashion-mnist' },
        clients: 8,
        partition: { kind: 'iid' },
        devices: { speedSigma: 1 },
        run: {},
        evaluate: { every: 1000, last: 1 },
        ...more,
      },
    },
    'here',
  ).cells[0]!.plan;

/** Devices that answer by the seed of their work, after other times at each play. */
export function played(
  how: typeof play,
  asked: RunConfig,
  plan: Plan,
  pause: () => Promise<unknown> = async () => {},
): { readonly rows: RoundRow[]; end(): Promise<PlayEnd> } {
  const layout = layoutFor(asked);
  const start = layout.layers.flatMap(({ name }) => initialLayer(specOf(asked), layout, name, asked.seed));
  const pool = {
    do: async (job: PoolJob) => {
      await pause();
      if (job.kind !== 'work' || job.work.kind !== 'train')
        return { kind: 'counted', counted: { samples: 1, loss: 1, accuracy: 0 } };
      const delta = syntheticDelta(asked, job.work.train, job.work.seed);
      return { kind: 'update', update: encodeSafetensors(delta, { samples: '1', loss: '1' }), loss: 1 };
    },
  };
  const parts = Array.from({ length: 8 }, (_, i) => Array.from({ length: 10 + i }, (_, k) => k));
  const rows: RoundRow[] = [];
  const people = {
    kind: 'image',
    side: 16,
    pixels: new Uint8Array(20 * 16 * 16 * 3),
    labels: Array(20).fill(0),
  };
  const setting = { config: asked, data: { pool: people, test: people, validation: people }, parts };
  const options = {
    plan,
    setting,
    start,
    pool,
    saved: null,
    onRound: async (row: RoundRow) => {
      rows.push(row);
    },
  };
  // Of the pool and the data only what is asked for is there.
  return { rows, end: () => how(options as never) };
}
