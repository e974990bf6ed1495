import { parseArgs } from 'node:util';
import { ModelId, RunConfig, SampleId } from '@strata/fl-core/protocol';
import { strategies } from '@strata/fl-core/selection';
import { z } from 'zod';

const Whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

const DemoOptions = z.object({
  clients: Whole(1, 64).default(4),
  rounds: Whole(1, 1000).default(5),
  model: ModelId.default('use-lite'),
  initial: RunConfig.shape.initial,
  strategy: z.enum(strategies.map((s) => s.name)).default('strata'),
  lambda: z.coerce.number().min(0).default(1),
  budget: Whole(0, 1000).default(2),
  backend: z.enum(['webgpu', 'wasm', 'cpu']).default('wasm'),
  seed: Whole(0, 4_294_967_295).default(1),
  /** Built-in data; the usual one of the model's kind when absent. */
  sample: SampleId.optional(),
  /** Folder of images by label, or a table of texts and labels; the built-in samples when absent. */
  data: z.string().optional(),
  /** Names or numbers of columns of the table; found when absent. */
  text: z.array(z.string()).optional(),
  label: z.string().optional(),
  /** Concentration of the Dirichlet split of `data`. */
  alpha: z.coerce.number().positive().default(0.5),
  /** Parts that the built-in data is cut into, of which each client takes one; at least one a client. */
  shards: Whole(1, 10_000).optional(),
  /** Image side in pixels; the model's default when absent. */
  side: Whole(8, 512).optional(),
  /** Batches of a local epoch at most; 0 means all. */
  maxBatches: Whole(0, 100_000).optional(),
  /** Folder for the exported model; it is not kept when absent. */
  keep: z.string().min(1).optional(),
  json: z.boolean().default(false),
});
export type DemoOptions = z.infer<typeof DemoOptions>;

/** The names that `--strategy` takes, at most five a line. */
const strategyLines = strategies
  .map(({ name }, i) => (i > 0 && i % 5 === 0 ? `\n                     ${name}` : name))
  .join(' | ')
  .replaceAll(' | \n', ' |\n');

export const usage = `npm run --silent demo -- [options]
  --clients N        tabs that train (4)
  --rounds N         rounds to commit (5)
  --model M          use-lite | deit-tiny | vit-mini | vit-nano
  --initial W        pretrained | random: what the model starts from (pretrained)
  --strategy S       ${strategyLines}
  --lambda X         strata's price of disagreeing, relative to the mean score (1)
  --budget N         layers a client may train a round (2)
  --backend B        wasm | webgpu | cpu
  --seed N           everything random derives from it (1)
  --sample S         emoji | fashion-mnist | wordnet (by the model's kind)
  --data PATH        a folder of images by label, or a table (CSV, TSV, JSON) of texts and labels
  --text NAME        column of the texts in the table, by name or number; twice for a title and
                     what stands below it (found by itself, and told)
  --label NAME       column of the labels (likewise)
  --alpha X          Dirichlet concentration of the split of --data (0.5)
  --shards N         parts the built-in data is cut into (one a client; 16 a client on webgpu,
                     which is a software adapter where there is no GPU)
  --side N           image side in pixels
  --max-batches N    batches of a local epoch at most
  --keep DIR         put the trained model there, as a zip that predict and Python open
  --json             print one JSON object on stdout`;

/** Parses the command line; throws an Error whose message is for the person who typed it. */
export function parseOptions(argv: readonly string[]): DemoOptions {
  const text = { type: 'string' } as const;
  let values: Record<string, unknown>;
  try {
    values = parseArgs({
      args: [...argv],
      options: {
        clients: text,
        rounds: text,
        model: text,
        initial: text,
        strategy: text,
        lambda: text,
        budget: text,
        backend: text,
        seed: text,
        sample: text,
        data: text,
        text: { type: 'string', multiple: true },
        label: text,
        alpha: text,
        shards: text,
        side: text,
        'max-batches': text,
        keep: text,
        json: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
  const { 'max-batches': maxBatches, ...rest } = values;
  const parsed = DemoOptions.safeParse({ ...rest, maxBatches });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((i) => `--${i.path.join('.')}: ${i.message}`);
  throw new Error(`${problems.join('\n')}\n${usage}`);
}
