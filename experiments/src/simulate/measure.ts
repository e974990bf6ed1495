import { type Dataset, sampleCount } from '@strata/fl-core/data';
import type { Counted, SharedLayers } from './worker/messages.ts';
import type { DevicePool } from './worker/pool.ts';

/** Samples a job: whatever the number of threads, so that sums are the same. */
const piece = 250;

/** How a model does on a side that nobody trains on; null where it has no samples. */
export async function accuracyOn(
  pool: DevicePool,
  side: 'test' | 'validation',
  data: Dataset,
  layers: SharedLayers,
): Promise<Counted | null> {
  const count = sampleCount(data);
  const starts = Array.from({ length: Math.ceil(count / piece) }, (_, i) => piece * i);
  const parts = await Promise.all(
    starts.map((from) => counted(pool, { side, from, to: Math.min(count, from + piece), layers })),
  );
  if (parts.length === 0) return null;
  const mean = (of: (part: Counted) => number) =>
    parts.reduce((sum, part) => sum + part.samples * of(part), 0) / count;
  return { samples: count, loss: mean((p) => p.loss), accuracy: mean((p) => p.accuracy) };
}

/** How a model does on what each client holds out. */
export const accuracyOfClients = (
  pool: DevicePool,
  clients: number,
  layers: SharedLayers,
): Promise<Counted[]> =>
  Promise.all(
    Array.from({ length: clients }, (_, client) =>
      counted(pool, { side: { client }, from: 0, to: 0, layers }),
    ),
  );

async function counted(pool: DevicePool, what: Parameters<typeof job>[0]): Promise<Counted> {
  const done = await pool.do(job(what));
  switch (done?.kind) {
    case 'counted':
      return done.counted;
    // A model that has broken knows nothing.
    case 'failed':
      return { samples: 1, loss: Number.NaN, accuracy: 0 };
    default:
      throw new Error(`An evaluation was answered by ${done?.kind}.`);
  }
}

const job = (what: {
  side: 'test' | 'validation' | { client: number };
  from: number;
  to: number;
  layers: SharedLayers;
}) => ({ kind: 'evaluate' as const, ...what });
