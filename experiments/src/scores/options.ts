import { ModelId } from '@strata/fl-core/protocol';
import { z } from 'zod';
import { parseOptionsOf } from '../experiment.ts';

const Rounds = z
  .string()
  .regex(/^\d+(,\d+)*$/, 'rounds as 0,1,3')
  .transform((text) => [...new Set(text.split(',').map(Number))].sort((a, b) => a - b))
  .refine((rounds) => rounds.at(-1)! <= 1000, 'at most round 1000');

const Options = z.object({
  model: ModelId,
  /** Folder with `train.csv` and `test.csv`, or with `labels.json` and its sheets of pictures. */
  data: z.string().min(1),
  side: z.coerce.number().int().min(8).max(512).optional(),
  /** By label (`alpha`), or a sheet of pictures (a drawing style) a client. */
  split: z.enum(['dirichlet', 'domain']).default('dirichlet'),
  alpha: z.coerce.number().positive().max(1000).default(0.1),
  clients: z.coerce.number().int().min(1).max(100).default(5),
  /** Most samples that a client trains on, and is measured on. */
  samples: z.coerce.number().int().min(8).default(400),
  tests: z.coerce.number().int().min(8).default(100),
  /** Of full training before a measurement, after the warm head. */
  at: Rounds.default([0, 1, 3]),
  batch: z.coerce.number().int().min(1).max(512).default(16),
  /** Steps of a client in a round, with which each layer is tried. */
  batches: z.coerce.number().int().min(1).max(1000).default(12),
  rate: z.coerce.number().positive().max(1).default(5e-4),
  optimizer: z.enum(['adamw', 'sgd']).default('adamw'),
  /** Batches of one probe, and probes that averaged scores are of. */
  probeBatches: z.coerce.number().int().min(2).max(100).default(2),
  probes: z.coerce.number().int().min(1).max(20).default(3),
  /** Epochs over everybody's data that the head alone is trained before. */
  warm: z.coerce.number().int().min(1).max(100).default(3),
  warmRate: z.coerce.number().positive().max(1).default(3e-3),
  /** Whether everything is trained a second time, on other batches: how well the truth predicts itself. */
  again: z.enum(['no', 'yes']).default('no'),
  seed: z.coerce.number().int().min(0).max(4_294_967_295).default(1),
  /** How many seeds, from `seed` on. */
  seeds: z.coerce.number().int().min(1).max(100).default(1),
  /** File that gets one line of JSON a measurement, as they are made. */
  out: z.string().optional(),
});
export type ScoresOptions = z.output<typeof Options>;

export const usage =
  '--model use-lite|deit-tiny|vit-mini|vit-nano --data FOLDER [--side PIXELS] [--split dirichlet|domain] [--alpha 0.1] [--clients 5] [--samples 400] [--tests 100] [--at 0,1,3] [--batch 16] [--batches 12] [--rate 5e-4] [--optimizer adamw|sgd] [--probeBatches 2] [--probes 3] [--warm 3] [--warmRate 3e-3] [--again no|yes] [--seed 1] [--seeds 1] [--out FILE]';

/** Throws UsageError. */
export const parseOptions = (args: readonly string[]): ScoresOptions =>
  parseOptionsOf(Options, args, `scores ${usage}`);
