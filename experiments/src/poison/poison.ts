import { parseArgs } from 'node:util';
import type { AggregationConfig } from '@strata/fl-core/protocol';
import { z } from 'zod';
import { type Experiment, UsageError } from '../experiment.ts';
import { attacks } from './attacks.ts';
import { play } from './play.ts';

/**
 * What each aggregation rule withstands: accuracy of a model that some participants attack, rule by attack, by the
 * product's own rounds in memory.
 */
export const poison: Experiment = {
  usage: '[--clients 10] [--hostile 2] [--rounds 8] [--seeds 5]',
  run,
};

const Options = z.object({
  clients: z.coerce.number().int().min(1).max(1000).default(10),
  hostile: z.coerce.number().int().min(0).max(1000).default(2),
  rounds: z.coerce.number().int().min(1).max(100).default(8),
  /** Runs that a figure is the mean of. */
  seeds: z.coerce.number().int().min(1).max(100).default(5),
});

/** Krum and its kin are told how many are hostile; the others are as a run has them by default. */
const settings = (clients: number, hostile: number): Record<string, Partial<AggregationConfig>> => ({
  'mean, no cap': { rule: { name: 'mean' }, weightCap: null },
  'mean, cap 1': { rule: { name: 'mean' }, weightCap: 1 },
  mean: { rule: { name: 'mean' } },
  'mean, cap 3': { rule: { name: 'mean' }, weightCap: 3 },
  'trimmed-mean 0.2': { rule: { name: 'trimmed-mean', share: 0.2, byzantine: 1 } },
  median: { rule: { name: 'median', byzantine: 1 } },
  'norm-clipping 1': { rule: { name: 'norm-clipping', norm: 1 } },
  'clipped-mean 1': { rule: { name: 'clipped-mean', factor: 1 } },
  'clipped-mean 1.5 (default)': { rule: { name: 'clipped-mean', factor: 1.5 } },
  'clipped-mean 2': { rule: { name: 'clipped-mean', factor: 2 } },
  [`krum f=${hostile}`]: { rule: { name: 'krum', byzantine: hostile } },
  [`multi-krum f=${hostile} keep ${clients - hostile - 2}`]: {
    rule: { name: 'multi-krum', byzantine: hostile, keep: Math.max(1, clients - hostile - 2) },
  },
});

async function run(args: readonly string[], log: (line: string) => void) {
  const { clients, hostile, rounds, seeds } = parseOptions(args);
  if (hostile > clients) throw new UsageError(`${hostile} of ${clients} participants cannot be hostile.`);
  const table: Record<string, Record<string, string>> = {};
  for (const [rule, aggregation] of Object.entries(settings(clients, hostile))) {
    const row: Record<string, string> = {};
    for (const attack of attacks) {
      const outcomes = [];
      for (let seed = 1; seed <= seeds; seed++) {
        outcomes.push(await play({ aggregation, attack, clients, hostile, rounds, seed }));
      }
      const abandoned = outcomes.reduce((sum, o) => sum + o.abandoned, 0);
      const lost = abandoned === 0 ? '' : `, ${abandoned} of ${rounds * seeds} rounds abandoned`;
      row[attack.name] = `${meanAccuracy(outcomes)}${lost}`;
    }
    table[rule] = row;
    log(`${rule}: ${JSON.stringify(row)}`);
  }
  return table;
}

/** In percent, and its standard deviation over the seeds. */
function meanAccuracy(outcomes: readonly { readonly accuracy: number }[]): string {
  const values = outcomes.map((o) => 100 * o.accuracy);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const spread = Math.sqrt(
    values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / Math.max(1, values.length - 1),
  );
  return `${mean.toFixed(1)} ± ${spread.toFixed(1)}`;
}

/** Throws {@link UsageError}. */
function parseOptions(args: readonly string[]): z.output<typeof Options> {
  try {
    const names = Object.keys(Options.shape);
    const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
    const parsed = Options.safeParse(parseArgs({ args: [...args], options }).values);
    if (parsed.success) return parsed.data;
    throw new UsageError(z.prettifyError(parsed.error));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${error instanceof Error ? error.message : error}\npoison ${poison.usage}`);
  }
}
