import { readFile } from 'node:fs/promises';
import { type ClientInput, createStrategy, scaledScores } from '@strata/fl-core/selection';
import { z } from 'zod';
import { type Experiment, parseOptionsOf, UsageError } from '../experiment.ts';

/**
 * What lambda decides, on the scores that a simulation kept of every round: how many clients' masks differ from those of
 * lambda 0, where each takes its own best, and from one common set. Nothing is trained.
 */
export const lambda: Experiment = { usage: '--rows simulations/NAME/cells/KEY.jsonl [--budget 2]', run };

const Options = z.object({
  rows: z.string().min(1),
  /** Layers a client. */
  budget: z.coerce.number().int().min(1).max(1000).default(2),
});

/** In units of the mean score; the last is as good as a common set. */
const ladder = [0, 0.03, 0.1, 0.3, 1, 3, 1000] as const;

const Line = z.object({
  row: z
    .object({ round: z.number(), scores: z.record(z.string(), z.record(z.string(), z.number())).optional() })
    .optional(),
});

interface Told {
  readonly lambda: number;
  /** Share of the rounds in which any mask is another one than with lambda 0, and than in a common set. */
  readonly roundsUnlikeOwnBest: number;
  readonly roundsUnlikeCommon: number;
  /** The same of masks. */
  readonly masksUnlikeOwnBest: number;
  readonly masksUnlikeCommon: number;
}

async function run(args: readonly string[]) {
  const { rows: path, budget } = parseOptionsOf(Options, args, `lambda ${lambda.usage}`);
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new UsageError(`--rows: ${path} cannot be read: ${error.message}`);
  });
  const rounds = text
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => Line.parse(JSON.parse(line)).row ?? [])
    .flatMap(({ round, scores }) => (scores === undefined ? [] : [{ round, scores }]))
    // A head of zeros leaves nothing to choose by.
    .filter(({ scores }) => Object.values(scores).some((of) => Object.values(of).some((s) => s > 0)));
  if (rounds.length === 0) throw new UsageError(`--rows: ${path} has no round with scores.`);
  const masks = rounds.map((round) => ladder.map((at) => masksAt(round, at, budget)));
  const told = ladder.map((at, i): Told => {
    const unlike = (j: number) => masks.map((by) => differing(by[i]!, by[j]!));
    const share = (counts: readonly number[]) => counts.filter((n) => n > 0).length / counts.length;
    const ofMasks = (counts: readonly number[]) =>
      counts.reduce((a, b) => a + b, 0) / masks.reduce((n, by) => n + by[0]!.length, 0);
    const [own, common] = [unlike(0), unlike(ladder.length - 1)];
    return {
      lambda: at,
      ...{ roundsUnlikeOwnBest: share(own), roundsUnlikeCommon: share(common) },
      ...{ masksUnlikeOwnBest: ofMasks(own), masksUnlikeCommon: ofMasks(common) },
    };
  });
  return { experiment: 'lambda', rows: path, budget, rounds: rounds.length, told };
}

/** Masks by client, in the order of their ids. */
function masksAt(
  {
    round,
    scores,
  }: { readonly round: number; readonly scores: Readonly<Record<string, Readonly<Record<string, number>>>> },
  at: number,
  budget: number,
): string[] {
  const ids = Object.keys(scores).sort();
  const layers = Object.keys(scores[ids[0]!] ?? {});
  const shares = scaledScores(
    'share',
    ids.map((id) => layers.map((layer) => scores[id]?.[layer] ?? 0)),
  );
  const clients: ClientInput[] = ids.map((id, i) => ({ id, samples: 1, budget, scores: shares[i] ?? null }));
  const strategy = createStrategy({ name: 'strata', lambda: at });
  const chosen = strategy.select({ layers, costs: layers.map(() => 1), clients, round, seed: 1 });
  return ids.map((id) => (chosen.masks[id] ?? []).join());
}

const differing = (a: readonly string[], b: readonly string[]): number =>
  a.filter((mask, i) => mask !== b[i]).length;
