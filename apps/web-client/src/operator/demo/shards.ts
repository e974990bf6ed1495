/**
 * A sample is always cut into this many parts, so that participants added one after the other never share a
 * training sample. It is also the most demo participants that one browser runs for a run.
 */
export const shardCount = 8;

/** The lowest shards that nobody has, at most `wanted`. */
export function freeShards(taken: readonly number[], wanted: number): number[] {
  const used = new Set(taken);
  return Array.from({ length: shardCount }, (_, i) => i)
    .filter((i) => !used.has(i))
    .slice(0, Math.max(0, wanted));
}

const names = ['Agate', 'Basalt', 'Chalk', 'Dolomite', 'Euclase', 'Flint', 'Gneiss', 'Halite'] as const;

/** Demo participants are named after rocks, so that the dashboard's rows are told apart at a glance. */
export const demoName = (shard: number): string => names[shard] ?? `Demo ${shard + 1}`;
