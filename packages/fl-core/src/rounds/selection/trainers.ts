import { selectableLayers } from '../../models/layouts.ts';
import type { RunConfig, StepTimesMessage } from '../../protocol/index.ts';
import { smoothScores } from '../../selection/index.ts';
import { countedSamples } from '../claims.ts';
import { layoutFor } from '../layout.ts';
import type { Member } from '../types.ts';
import { stepTimes, type TrainingClient } from './costs.ts';
import type { SelectionPlan } from './plan.ts';

/** A client's newest probe in the run's earlier committed rounds; the others never happened (R8). */
export interface EarlierProbe {
  /** Moving average of the scores up to that probe. */
  readonly smoothed: Readonly<Record<string, number>>;
  readonly times: StepTimesMessage | null;
  readonly steps: number | null;
}

/** What selection reads of a member. */
type Probing = Pick<
  Member,
  'client' | 'samples' | 'claimed' | 'budget' | 'scores' | 'times' | 'steps' | 'left'
>;

export interface TrainingMember {
  readonly trainer: TrainingClient;
  /** Moving average of its scores with this round's probe; null where that is nothing else than the probe. */
  readonly smoothed: Record<string, number> | null;
}

/**
 * The members that layers are chosen for: those who have not left. Where the round sends a probe, those of them who
 * answered it (R2) or an earlier one, whose scores then stand for them.
 */
export function membersToTrain(
  config: RunConfig,
  round: number,
  cohort: readonly Probing[],
  plan: SelectionPlan,
  earlier: ReadonlyMap<string, EarlierProbe>,
): TrainingMember[] {
  const layers = selectableLayers(layoutFor(config));
  const present = cohort.filter((m) => !m.left);
  const { smoothing } = config.selection;
  const known = newestProbes(smoothing, layers, round, present, earlier);
  const training = present.filter((m) => plan.probe === null || known.has(m.client));
  const claims = countedSamples(config, training);
  return training.map((m) => {
    const probe = known.get(m.client);
    const smoothed = m.scores && probe && smoothing < 1 ? { ...probe.smoothed } : null;
    return { trainer: trainerOf(layers, m, claims.get(m.client)?.counted ?? 0, probe), smoothed };
  });
}

/** The newest that is known of each client: this round's probe with its scores smoothed, else its earlier one. */
function newestProbes(
  rate: number,
  layers: readonly string[],
  round: number,
  cohort: readonly Probing[],
  earlier: ReadonlyMap<string, EarlierProbe>,
): Map<string, EarlierProbe> {
  const inOrder = (scores: Readonly<Record<string, number>>) => layers.map((l) => scores[l] ?? 0);
  const book = [...earlier].map(
    ([id, { smoothed }]) => [id, { scores: inOrder(smoothed), round: 0 }] as const,
  );
  const fresh = cohort.flatMap((m) => (m.scores ? [[m.client, inOrder(m.scores)] as const] : []));
  const limit = cohort.length;
  const smooth = smoothScores(Object.fromEntries(book), Object.fromEntries(fresh), round, { rate, limit });
  return new Map(
    cohort.flatMap((m) => {
      const scores = smooth[m.client]?.scores;
      if (!scores) return [];
      const { times, steps } = m.scores ? m : (earlier.get(m.client) ?? m);
      const smoothed = Object.fromEntries(layers.map((l, k) => [l, scores[k]!] as const));
      return [[m.client, { smoothed, times, steps }] as const];
    }),
  );
}

function trainerOf(
  layers: readonly string[],
  { client, budget }: Probing,
  samples: number,
  probe: EarlierProbe | undefined,
): TrainingClient {
  const measured =
    probe?.times && probe.steps !== null
      ? { times: stepTimes(layers, probe.times), steps: probe.steps }
      : null;
  return {
    id: client,
    samples,
    budget,
    scores: probe ? layers.map((l) => probe.smoothed[l] ?? 0) : null,
    measured,
  };
}
