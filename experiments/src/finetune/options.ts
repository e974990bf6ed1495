import { ModelId } from '@strata/fl-core/protocol';
import { z } from 'zod';
import { parseOptionsOf } from '../experiment.ts';

const Options = z.object({
  model: ModelId,
  /** Folder with `train.csv` and `test.csv`, or with `labels.json` and its sheets of pictures. */
  data: z.string().min(1),
  /** Names or numbers of columns of the tables; found when absent. */
  text: z.array(z.string()).optional(),
  label: z.string().optional(),
  /** Side of the pictures in pixels; the model's own when absent. */
  side: z.coerce.number().int().min(8).max(512).optional(),
  epochs: z.coerce.number().int().min(1).max(100).default(3),
  batch: z.coerce.number().int().min(1).max(512).default(32),
  rate: z.coerce.number().positive().max(1).default(5e-4),
  decay: z.coerce.number().min(0).max(1).default(0.01),
  /** All selectable layers and the head, or the head alone (a linear probe). */
  layers: z.enum(['all', 'head']).default('all'),
  seed: z.coerce.number().int().min(0).max(4_294_967_295).default(1),
});
export type FinetuneOptions = z.output<typeof Options>;

export const usage =
  '--model use-lite|deit-tiny|vit-mini|vit-nano --data FOLDER [--side PIXELS] [--epochs 3] [--batch 32] [--rate 5e-4] [--decay 0.01] [--layers all|head] [--seed 1] [--text COLUMN] [--label COLUMN]';

/** Throws UsageError. */
export const parseOptions = (args: readonly string[]): FinetuneOptions =>
  parseOptionsOf(Options, args, `finetune ${usage}`, ['text']);
