import { readFile } from 'node:fs/promises';
import { RunConfig, SampleId } from '@strata/fl-core/protocol';
import { parse } from 'yaml';
import { z } from 'zod';
import { UsageError } from '../experiment.ts';

/** Where samples come from, and what of them nobody trains on. */
const Data = z.strictObject({
  /** Of the built-in samples, or a folder of tables, sheets or IDX files (`split-data/read.ts`); one of the two. */
  sample: SampleId.optional(),
  folder: z.string().min(1).optional(),
  /** Samples that participants share at most; 0: all. Drawn once, the same for every seed. */
  train: z.number().int().min(0).default(0),
  /** Held back for the accuracy of tables; of a smaller test split as much is moved over from training, whole items. */
  test: z.number().int().min(0).default(2000),
  /** Held back for choices: rates, baselines, references. */
  validation: z.number().int().min(0).default(1000),
});

const Partition = z.discriminatedUnion('kind', [
  /** Every participant like all. */
  z.strictObject({ kind: z.literal('iid') }),
  /** Skewed labels. */
  z.strictObject({
    kind: z.literal('dirichlet'),
    alpha: z.number().positive(),
    /** Samples a participant at least. */
    least: z.number().int().min(1).default(10),
  }),
  /** A domain (a drawing style) belongs to as few participants as possible. */
  z.strictObject({ kind: z.literal('domain') }),
  /** The same labels and unequal numbers of samples: shares drawn from Dirichlet(alpha). */
  z.strictObject({
    kind: z.literal('quantity'),
    alpha: z.number().positive(),
    least: z.number().int().min(1).default(10),
  }),
]);
export type Partition = z.output<typeof Partition>;

/** What devices are like; nothing of it is measured, so that the same configuration gives the same bytes anywhere. */
const Devices = z.strictObject({
  /** Milliseconds that a sample takes on a typical device when all layers are trained. */
  msPerSample: z.number().positive().default(10),
  /** Standard deviation of the logarithm of a device's speed. */
  speedSigma: z.number().min(0).max(5).default(0),
  /** Probability that a member of a cohort is gone before its update arrives. */
  dropOut: z.number().min(0).max(1).default(0),
});
export type Devices = z.output<typeof Devices>;

/** Lines under every table: what the same model learns of all the data in one place. The rate is chosen on validation. */
const Reference = z.strictObject({
  epochs: z.number().int().min(1).max(10_000),
  rates: z.array(z.number().positive()).min(1),
  batchSize: z.number().int().min(1).max(512).default(32),
});
export type Reference = z.output<typeof Reference>;

const Plan = z.strictObject({
  data: Data.refine((d) => (d.sample === undefined) !== (d.folder === undefined), {
    message: 'either a sample or a folder is needed',
  }),
  clients: z.number().int().min(1).max(100_000),
  /** Clients are called by this name and their number, from 1. */
  clientName: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,40}$/)
    .default('client'),
  partition: Partition,
  devices: Devices.prefault({}),
  /** The run as `POST /api/runs` takes it, but for what follows from the data and the seed. */
  run: z.record(z.string(), z.unknown()),
  /**
   * Without rounds: so many clients are at work at once (`atWork`), every `updates` of them make a version, and one that
   * was trained from a model more than `staleness` versions ago is dropped. `run.rounds` are versions then.
   */
  buffered: z
    .strictObject({
      updates: z.number().int().min(1),
      atWork: z.number().int().min(1),
      staleness: z.number().int().min(0).default(10),
    })
    .optional(),
  /** Fixes partition, cohorts, batches, devices and the run's own draws, each by a stream of its own. */
  seed: z.number().int().min(0).max(4_294_967_295).default(1),
  evaluate: z
    .strictObject({
      /** Committed rounds from one evaluation to the next; the last five rounds' are always there. */
      every: z.number().int().min(1).default(5),
      /** Rounds at the end whose mean is a cell's result. */
      last: z.number().int().min(1).default(5),
      /** Loss on the test samples; results say when it was reached. */
      target: z.number().positive().optional(),
    })
    .prefault({}),
});
export type Plan = z.output<typeof Plan>;

const File = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,60}$/, 'lower-case letters, digits and dashes'),
  /** Words for people: what is asked. */
  about: z.string().default(''),
  /** What every cell has. */
  base: z.record(z.string(), z.unknown()),
  /** By axis, by label: what a cell with this label has instead; the last axis changes fastest. */
  sweep: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))).default({}),
  seeds: z.array(z.number().int().min(0)).min(1).default([1]),
  references: z
    .strictObject({ linearProbe: Reference.optional(), central: Reference.optional() })
    .default({}),
  /** What tables compare along an axis; by its labels. */
  compare: z
    .strictObject({
      axis: z.string(),
      /** Choices that look at no gradient: of these the best on validation is the one to beat. */
      fixed: z.array(z.string()).default([]),
      full: z.string().optional(),
    })
    .optional(),
});

/** One run of a sweep. */
export interface Cell {
  /** Label by axis, the seed among them. */
  readonly at: Readonly<Record<string, string>>;
  /** Names its files. */
  readonly key: string;
  readonly plan: Plan;
}

export interface Simulation {
  readonly name: string;
  readonly about: string;
  readonly axes: readonly string[];
  readonly cells: readonly Cell[];
  readonly references: z.output<typeof File>['references'];
  readonly compare: z.output<typeof File>['compare'];
}

/** Throws {@link UsageError} that says what of the file is wrong, and in which cell. */
export async function readSimulation(path: string): Promise<Simulation> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new UsageError(`${path} cannot be read: ${error.message}`);
  });
  return simulationOf(parse(text), path);
}

/** @param path what a {@link UsageError} calls it. */
export function simulationOf(value: unknown, path: string): Simulation {
  const file = checked(File, value, path);
  const { name, about, base, sweep, references, compare } = file;
  const axes = Object.keys(sweep);
  let corners: { at: Record<string, string>; value: Record<string, unknown> }[] = [{ at: {}, value: base }];
  for (const axis of axes) {
    corners = corners.flatMap(({ at, value: so }) =>
      Object.entries(sweep[axis] ?? {}).map(([label, patch]) => ({
        at: { ...at, [axis]: label },
        value: merged(so, patch),
      })),
    );
  }
  const cells = file.seeds.flatMap((seed) =>
    corners.map(({ at, value: so }): Cell => {
      const place = { ...at, seed: String(seed) };
      const key = Object.values(place)
        .join('+')
        .replaceAll(/[^\w.+-]/g, '_');
      return { at: place, key, plan: checked(Plan, { ...so, seed }, `${path}, ${key}`) };
    }),
  );
  const twice = cells.find(({ key }, i) => cells.findIndex((other) => other.key === key) !== i);
  if (twice) throw new UsageError(`${path}: two cells have the name ${twice.key}; rename a label.`);
  return { name, about, axes, cells, references, compare };
}

/** What a cell's run is, with the labels of its data. Throws {@link UsageError}. */
export function runConfigOf(
  { at, plan, key }: Cell,
  data: { kind: 'image' | 'text'; labels: readonly string[] },
) {
  const { run, seed } = plan;
  const what = `The run of ${Object.entries(at)
    .map((of) => of.join(' '))
    .join(', ')}`;
  const config = checked(
    RunConfig,
    {
      name: key.slice(0, 80),
      purpose: { kind: 'test', sampling: seed },
      ...run,
      data: { kind: data.kind, sample: plan.data.sample ?? null },
      labels: data.labels,
      seed,
    },
    what,
  );
  if (config.aggregation.sealing.kind === 'sealed') {
    throw new UsageError(
      `${what} is sealed. A simulation has nobody to keep updates from, and plays no seals: set aggregation.sealing to open, and privacy.kind client with the noise of a sum where participants would add it.`,
    );
  }
  return config;
}

/** Objects are merged, whatever else is replaced; a choice of another name or kind replaces the whole choice. */
function merged(base: Record<string, unknown>, patch: Record<string, unknown>): Record<string, unknown> {
  const out = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    const before = out[key];
    out[key] = isPlain(before) && isPlain(value) && sameChoice(before, value) ? merged(before, value) : value;
  }
  return out;
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const sameChoice = (a: Record<string, unknown>, b: Record<string, unknown>): boolean =>
  ['name', 'kind'].every((key) => b[key] === undefined || b[key] === a[key]);

function checked<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new UsageError(`${what}:\n${z.prettifyError(parsed.error)}`);
}
