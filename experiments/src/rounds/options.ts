import { ModelId } from '@strata/fl-core/protocol';
import { strategies } from '@strata/fl-core/selection';
import { z } from 'zod';
import { parseOptionsOf } from '../experiment.ts';

const Options = z.object({
  model: ModelId,
  /** Folder with `train.csv` and `test.csv`, or with `labels.json` and its sheets of pictures. */
  data: z.string().min(1),
  side: z.coerce.number().int().min(8).max(512).optional(),
  strategy: z.enum(strategies.map((s) => s.name)).default('strata'),
  clients: z.coerce.number().int().min(1).max(100).default(4),
  rounds: z.coerce.number().int().min(1).max(1000).default(5),
  /** Layers a client and round. */
  budget: z.coerce.number().int().min(0).max(1000).default(2),
  batch: z.coerce.number().int().min(1).max(512).default(16),
  /** Batches a client and round, 0 for all. */
  batches: z.coerce.number().int().min(0).default(24),
  rate: z.coerce.number().positive().max(1).default(5e-4),
  /** What the classifier starts from: the product's own zeros, or a normal distribution of 0.02. */
  head: z.enum(['zeros', 'drawn']).default('zeros'),
  seed: z.coerce.number().int().min(0).max(4_294_967_295).default(1),
  /** Where everything that another program needs to do the same is written. */
  dump: z.string().optional(),
});
export type RoundsOptions = z.output<typeof Options>;

export const usage =
  '--model use-lite|deit-tiny|vit-mini|vit-nano --data FOLDER [--side PIXELS] [--strategy strata] [--clients 4] [--rounds 5] [--budget 2] [--batch 16] [--batches 24] [--rate 5e-4] [--head zeros|drawn] [--seed 1] [--dump FOLDER]';

/** Throws UsageError. */
export const parseOptions = (args: readonly string[]): RoundsOptions =>
  parseOptionsOf(Options, args, `rounds ${usage}`);
