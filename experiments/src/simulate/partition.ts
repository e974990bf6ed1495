import {
  type Dataset,
  partitionByDomain,
  partitionByQuantity,
  partitionDirichlet,
  sampleCount,
} from '@strata/fl-core/data';
import { UsageError } from '../experiment.ts';
import type { Partition } from './config.ts';

/** Samples of the pool that each client has, ascending. Throws {@link UsageError} where the data cannot be split so. */
export function partitionOf(
  pool: Dataset,
  domains: Int32Array | null,
  partition: Partition,
  clients: number,
  seed: number,
): number[][] {
  const count = sampleCount(pool);
  switch (partition.kind) {
    case 'iid':
      return partitionByQuantity(count, clients, Number.POSITIVE_INFINITY, seed);
    case 'quantity':
      return partitionByQuantity(count, clients, partition.alpha, seed, partition.least);
    case 'dirichlet':
      if (!('labels' in pool) || !(pool.labels instanceof Int32Array)) {
        throw new UsageError('partition: these data have no single label a sample; use iid or quantity.');
      }
      return partitionDirichlet(pool.labels, clients, partition.alpha, seed, partition.least);
    case 'domain':
      if (domains === null) throw new UsageError('partition: these data have no domains; use another kind.');
      return partitionByDomain(domains, clients, seed);
    default:
      return partition satisfies never;
  }
}
