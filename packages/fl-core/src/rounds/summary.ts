import type { ModelLayout } from '../models/layouts.ts';
import { type MemberView, type Phase, phases, type RoundSummary } from '../protocol/index.ts';
import { trainedLayers } from './layout.ts';
import type { Member, Round } from './types.ts';
import { isOver } from './verdict.ts';

/** Rounds and members as the dashboard shows them. */

export function summarize(
  round: Round,
  cohort: readonly Member[],
  layout: ModelLayout,
  modelBytes: number,
  now: number,
): RoundSummary {
  const evaluated = cohort.flatMap((m) => (m.evaluation ? [m.evaluation] : []));
  const trained = cohort.filter((m) => m.update !== null);
  return {
    round: round.round,
    phase: round.phase,
    deadline: round.deadline?.getTime() ?? null,
    openedAt: round.openedAt.getTime(),
    closedAt: round.closedAt?.getTime() ?? null,
    reason: round.reason,
    cohort: cohort.length,
    updates: trained.length,
    importance: meanScores(cohort),
    trainedBy: trainedBy(trained, layout),
    trainLoss: weightedMean(trained.map((m) => [m.trainLoss, m.samples])),
    loss: weightedMean(evaluated.map((e) => [e.loss, e.samples])),
    accuracy: weightedMean(evaluated.map((e) => [e.accuracy, e.samples])),
    evaluatedSamples: evaluated.reduce((n, e) => n + e.samples, 0),
    bytesDown: cohort.reduce((n, m) => n + m.bytesDown, 0),
    bytesUp: cohort.reduce((n, m) => n + (m.updateBytes ?? 0), 0),
    bytesFullExchange: 2 * cohort.length * modelBytes,
    seconds: phaseSeconds(round, now),
    e1: round.e1,
    e2: round.e2,
    agreement: round.agreement,
    covered: round.covered,
    effectiveClients: round.effectiveClients ?? {},
    solved: solved(round),
  };
}

function solved({ selection }: Round): RoundSummary['solved'] {
  const { objective, bound, proved } = selection ?? {};
  if (objective === undefined || bound === undefined || proved === undefined) return null;
  return { objective, bound, proved };
}

export function memberView(member: Member): MemberView {
  const { client, samples, budget, scores, mask, updateBytes, trainLoss, evaluation, bytesDown } = member;
  return {
    client,
    state: memberViewState(member),
    samples,
    budget,
    scores,
    mask,
    updateBytes,
    trainLoss,
    evaluation,
    bytesDown,
  };
}

function memberViewState(m: Member): MemberView['state'] {
  if (m.evaluation) return 'evaluated';
  if (m.left) return 'left';
  if (m.update !== null) return 'trained';
  return m.scores ? 'probed' : 'working';
}

/** Mean score of each layer over those who probed. */
function meanScores(cohort: readonly Member[]): Record<string, number> {
  const scored = cohort.flatMap((m) => (m.scores ? [m.scores] : []));
  const sums: Record<string, number> = {};
  for (const scores of scored) {
    for (const [layer, score] of Object.entries(scores)) {
      sums[layer] = (sums[layer] ?? 0) + score / scored.length;
    }
  }
  return sums;
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

const measured = ['probing', 'selecting', 'training', 'aggregating', 'evaluating'] as const;

/** How long each phase took: until the next one began, or until now for the present one. */
function phaseSeconds({ began, phase }: Round, now: number): RoundSummary['seconds'] {
  const starts = phases.flatMap((p: Phase) => (began[p] === undefined ? [] : [{ phase: p, at: began[p] }]));
  const seconds = { probing: 0, selecting: 0, training: 0, aggregating: 0, evaluating: 0 };
  for (const name of measured) {
    const index = starts.findIndex((s) => s.phase === name);
    const start = starts[index];
    if (!start) continue;
    const end = starts[index + 1]?.at ?? (isOver(phase) ? start.at : now);
    seconds[name] = Math.max(0, (end - start.at) / 1000);
  }
  return seconds;
}
