import { median } from '../median.ts';
import { type ModelLayout, selectableLayers } from '../models/layouts.ts';
import {
  type MemberView,
  type Phase,
  phases,
  type RoundSummary,
  type RunConfig,
  tellsFigures,
} from '../protocol/index.ts';
import { scaledScores } from '../selection/index.ts';
import { bytesIfFull } from './bytes-if-full.ts';
import { countedHeldOut, countedSamples } from './claims.ts';
import { layoutFor, trainedLayers } from './layout.ts';
import { trainedShare } from './time-box.ts';
import type { HeldOut, Member, Round, SealedResult } from './types.ts';
import { isOver } from './verdict.ts';

/** Rounds and members as the dashboard shows them. Of a sealed round there are sums alone. */

/**
 * @param next of a sealed run, what came of the round that started from this one's model: how that does on held-out data
 * was summed up in it.
 */
export function summarize(
  config: RunConfig,
  round: Round,
  cohort: readonly Member[],
  now: number,
  next: SealedResult | null = null,
): RoundSummary {
  const { sealed } = round;
  const evaluated = tellsFigures(config) ? evaluationsOf(config, cohort) : [];
  const trained = cohort.filter((m) => m.update !== null);
  const samples = countedSamples(config, trained);
  return {
    round: round.round,
    phase: round.phase,
    deadline: round.deadline?.getTime() ?? null,
    openedAt: round.openedAt.getTime(),
    closedAt: round.closedAt?.getTime() ?? null,
    reason: round.reason,
    cohort: cohort.length,
    updates: trained.length,
    importance: sealed?.scores ?? noisedImportance(config, round) ?? meanScores(config, cohort),
    trainedBy: trainedBy(trained, layoutFor(config)),
    trainLoss:
      sealed?.figures?.trainLoss ??
      weightedMean(
        trained.map((m) => [m.trainLoss, (samples.get(m.client)?.counted ?? 0) * trainedShare(m)]),
      ),
    ...(next?.figures?.before ??
      heldOutOf(config, cohort) ?? { loss: null, accuracy: publishedAccuracy(round) }),
    accuracyNoise: deviationOf(round),
    medianLoss: median(evaluated.map((e) => e.loss)),
    medianAccuracy: median(evaluated.map((e) => e.accuracy)),
    evaluatedSamples: evaluated.reduce((n, e) => n + e.counted, 0),
    bytesDown: cohort.reduce((n, m) => n + m.bytesDown, 0),
    bytesUp: cohort.reduce((n, m) => n + (m.updateBytes ?? 0), 0),
    bytesIfFull: bytesIfFull(layoutFor(config), cohort),
    seconds: phaseSeconds(round, now),
    e1: round.e1,
    e2: round.e2,
    agreement: round.agreement,
    covered: round.covered,
    effectiveClients: round.effectiveClients ?? {},
    solved: solved(round),
    warmUp: round.selection?.warmUp ?? false,
    epsilon: round.privacy?.epsilon ?? null,
    stale: staleOf(cohort),
  };
}

/** How old the updates of a buffered round were, once that is known. */
export function staleOf(cohort: readonly Pick<Member, 'staleness'>[]): RoundSummary['stale'] {
  const taus = cohort.flatMap(({ staleness }) => staleness ?? []);
  if (taus.length === 0) return null;
  return {
    updates: taus.filter((tau) => tau > 0).length,
    mean: taus.reduce((sum, tau) => sum + tau, 0) / taus.length,
  };
}

/** What counts of the cohort's evaluations. */
function evaluationsOf(config: RunConfig, cohort: readonly Member[]) {
  const heldOut = countedHeldOut(config, cohort);
  return cohort.flatMap(({ client, evaluation }) => {
    const counted = heldOut.get(client)?.counted ?? 0;
    return evaluation && counted > 0 ? [{ ...evaluation, counted }] : [];
  });
}

/** The noised accuracy of a model, as far as one can be: noise takes it below 0 or above 1. */
function publishedAccuracy({ privacy }: Round): number | null {
  const value = privacy?.model?.accuracy?.value ?? null;
  return value === null ? null : Math.min(1, Math.max(0, value));
}

/** Standard deviation of the noise in it. */
function deviationOf({ privacy }: Round): number | null {
  const { noise, divisor = null } = privacy?.model?.accuracy ?? {};
  return noise === undefined || divisor === null ? null : noise / divisor;
}

/** Where nobody may be told what a participant measured: what its layers' choice released. Null in other runs. */
function noisedImportance(config: RunConfig, { privacy }: Round): Record<string, number> | null {
  if (config.privacy.kind !== 'client' || tellsFigures(config)) return null;
  const shares = Object.entries(privacy?.choice?.shares ?? {});
  return Object.fromEntries(shares.map(([layer, share]) => [layer, Math.max(0, share)]));
}

/** What they come to; null where there are none, and where they may not be told. */
export function heldOutOf(config: RunConfig, cohort: readonly Member[]): HeldOut | null {
  if (!tellsFigures(config)) return null;
  const evaluated = evaluationsOf(config, cohort);
  const loss = weightedMean(evaluated.map((e) => [e.loss, e.counted]));
  const accuracy = weightedMean(evaluated.map((e) => [e.accuracy, e.counted]));
  return loss === null || accuracy === null ? null : { loss, accuracy };
}

function solved({ selection }: Round): RoundSummary['solved'] {
  const { objective, bound, proved, lambda = null } = selection ?? {};
  if (objective === undefined || bound === undefined || proved === undefined) return null;
  return { objective, bound, proved, lambda };
}

/** Of a cohort, in its order. */
export function memberViews(config: RunConfig, cohort: readonly Member[]): MemberView[] {
  const samples = countedSamples(
    config,
    cohort.filter((m) => m.update !== null),
  );
  const heldOut = countedHeldOut(config, cohort);
  const sealed = config.aggregation.sealing.kind === 'sealed';
  const told = tellsFigures(config);
  return cohort.map((member) => {
    const { client, budget, scores, mask, cost, updateBytes, trainLoss, evaluation, bytesDown } = member;
    const { stepsAsked, stepsDone } = member;
    return {
      client,
      state: memberViewState(member),
      samples: member.samples,
      weight: sealed ? null : (samples.get(client) ?? null),
      steps: stepsDone === null || stepsAsked === null ? null : { done: stepsDone, asked: stepsAsked },
      budget,
      scores: told ? scores : null,
      mask,
      cost,
      updateBytes,
      trainLoss: told ? trainLoss : null,
      evaluation: told ? evaluation : null,
      epsilon: member.claimedEpsilon,
      evaluationWeight: told ? (heldOut.get(client) ?? null) : null,
      bytesDown,
      since: member.given?.round ?? null,
      staleness: member.staleness,
    };
  });
}

function memberViewState(m: Member): MemberView['state'] {
  // Who is still at work, in a buffered run, is asked for no evaluation.
  if (m.evaluation && (m.update !== null || m.given === null)) return 'evaluated';
  if (m.left) return 'left';
  if (m.update !== null || m.sealing !== null) return 'trained';
  return m.scores ? 'probed' : 'working';
}

/** Mean score of each layer over those who probed, as the selection weighs scores; empty when nobody did. */
function meanScores(config: RunConfig, cohort: readonly Member[]): Record<string, number> {
  const layers = selectableLayers(layoutFor(config));
  const measured = cohort.flatMap(({ scores }) => (scores ? [layers.map((l) => scores[l] ?? 0)] : []));
  const rows = scaledScores(config.selection.scores, measured);
  if (rows.length === 0) return {};
  const mean = (l: number) => rows.reduce((sum, row) => sum + (row?.[l] ?? 0) / rows.length, 0);
  return Object.fromEntries(layers.map((layer, l) => [layer, mean(l)]));
}

/** How many updates hold each layer; a layer that nobody trained has 0. */
function trainedBy(trained: readonly Member[], layout: ModelLayout): Record<string, number> {
  const counts: Record<string, number> = Object.fromEntries(layout.layers.map((l) => [l.name, 0]));
  for (const { mask } of trained) {
    for (const layer of trainedLayers(layout, mask ?? [])) counts[layer] = (counts[layer] ?? 0) + 1;
  }
  return counts;
}

/** Null when nothing has a value and a weight. */
function weightedMean(pairs: readonly (readonly [value: number | null, weight: number])[]): number | null {
  let sum = 0;
  let total = 0;
  for (const [value, weight] of pairs) {
    if (value === null || weight <= 0) continue;
    sum += value * weight;
    total += weight;
  }
  return total > 0 ? sum / total : null;
}

const noSeconds = {
  probing: 0,
  selecting: 0,
  training: 0,
  sealing: 0,
  uploading: 0,
  unmasking: 0,
  aggregating: 0,
  evaluating: 0,
};

const measured = phases.filter((phase): phase is keyof RoundSummary['seconds'] => phase in noSeconds);

/** How long each phase took: until the next one began, or until now for the present one. */
export function phaseSeconds(
  { began, phase }: Pick<Round, 'began' | 'phase'>,
  now: number,
): RoundSummary['seconds'] {
  const starts = phases.flatMap((p: Phase) => (began[p] === undefined ? [] : [{ phase: p, at: began[p] }]));
  const seconds = { ...noSeconds };
  for (const name of measured) {
    const index = starts.findIndex((s) => s.phase === name);
    const start = starts[index];
    if (!start) continue;
    const end = starts[index + 1]?.at ?? (isOver(phase) ? start.at : now);
    seconds[name] = Math.max(0, (end - start.at) / 1000);
  }
  return seconds;
}
