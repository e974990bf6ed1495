import {
  type AggregationRule,
  aggregateLayer,
  createFold,
  initialState,
  type LayerUpdate,
  type ServerOptimizer,
  serverStep,
} from '@strata/fl-core/aggregation';
import { random } from '@strata/fl-core/random';
import { type BenchContext, type Benchmark, fastest, type Row } from './benchmark.ts';

/** Aggregation of one layer of 28 MB: the mean beside memcpy, the robust means, the server optimizers. */
export const aggregate: Benchmark = {
  title: 'Aggregation of a 28 MB layer beside memcpy.',
  options: { elements: 7_000_000, clients: 20, updates: 1000 },
  run,
};

const rules: readonly AggregationRule[] = [
  { name: 'mean' },
  { name: 'median', byzantine: 1 },
  { name: 'trimmed-mean', share: 0.1, byzantine: 1 },
  { name: 'norm-clipping', norm: 100 },
  { name: 'clipped-mean', factor: 1.5 },
  { name: 'krum', byzantine: 4 },
  { name: 'multi-krum', byzantine: 4, keep: 10 },
];

const optimizers: readonly ServerOptimizer[] = [
  { name: 'fedavg', learningRate: 1 },
  { name: 'fedavgm', learningRate: 1, momentum: 0.9 },
  { name: 'fedadagrad', learningRate: 0.1, beta1: 0.9, tau: 0.001 },
  { name: 'fedadam', learningRate: 0.1, beta1: 0.9, beta2: 0.99, tau: 0.001 },
  { name: 'fedyogi', learningRate: 0.1, beta1: 0.9, beta2: 0.99, tau: 0.001 },
];

async function* run({ options, log }: BenchContext): AsyncIterable<Row> {
  const { elements = 0, clients = 0, updates = 0 } = options;
  const megabytes = (4 * elements) / 1e6;
  const draws = random('bench-aggregate');
  const rows = Array.from({ length: clients }, () => Float32Array.from({ length: elements }, draws.uniform));
  const target = new Float32Array(elements);
  // Copies what the mean reads, all of it: one layer again and again would come out of the cache.
  const copying = await fastest(3, () => {
    for (const values of rows) target.set(values);
  });
  const memcpy = (clients * megabytes) / copying;
  const row = (kernel: string, bytesIn: number, ms: number): Row => ({
    kernel,
    megabytes: bytesIn,
    gbPerSecond: bytesIn / ms,
    memcpyGbPerSecond: memcpy,
    ms,
  });
  yield row('memcpy', megabytes, megabytes / memcpy);

  const fold = createFold(elements);
  yield row('fold of one update', megabytes, await fastest(7, () => fold.add(0.05, rows[1]!, 0)));

  const inMemory = rows.map(
    (values, i): LayerUpdate => ({
      client: String(i).padStart(6, '0'),
      samples: i + 1,
      read: (offset, length) => values.subarray(offset, offset + length),
    }),
  );
  for (const rule of rules) {
    const ms = await fastest(2, async () => {
      await aggregateLayer(rule, inMemory, elements, () => {});
    });
    yield row(`${rule.name} of ${clients}`, clients * megabytes, ms);
  }

  const weights = new Float32Array(elements);
  for (const optimizer of optimizers) {
    const state = initialState(optimizer, elements);
    const ms = await fastest(2, () => serverStep(optimizer, weights, state, 0, fold.sum));
    yield row(optimizer.name, megabytes, ms);
  }

  log(`Folding ${updates} updates, read piece by piece as from a spool file.`);
  yield* manyUpdates(updates, elements, memcpy);
}

/** Many updates, of which no more than a piece is ever in memory; reports how much the process grows. */
async function* manyUpdates(count: number, elements: number, memcpy: number): AsyncIterable<Row> {
  const source = Float32Array.from({ length: 1 << 20 }, random('bench-updates').uniform);
  const spooled = Array.from(
    { length: count },
    (_, i): LayerUpdate => ({
      client: String(i).padStart(6, '0'),
      samples: i + 1,
      read: (offset, length) => {
        const start = (offset + 4096 * i) % (source.length - length);
        return source.subarray(start, start + length);
      },
    }),
  );
  const held = () => process.memoryUsage().rss; // WebAssembly's memory is in no other figure
  globalThis.gc?.();
  const before = held();
  let peak = before;
  const start = performance.now();
  await aggregateLayer({ name: 'mean' }, spooled, elements, () => {
    peak = Math.max(peak, held());
  });
  const ms = performance.now() - start;
  const megabytes = (4 * elements * count) / 1e6;
  yield {
    kernel: `mean of ${count} updates`,
    megabytes,
    gbPerSecond: megabytes / ms,
    memcpyGbPerSecond: memcpy,
    ms,
    peakMegabytes: (peak - before) / 1e6,
  };
}
