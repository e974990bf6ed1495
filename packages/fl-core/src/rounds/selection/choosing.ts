import { selectableLayers } from '../../models/layouts.ts';
import {
  carryMasks,
  type Masks,
  type SelectionHistory,
  type SelectionInput,
  scaledScores,
} from '../../selection/index.ts';
import { maskDiagnostics } from '../diagnose.ts';
import { layoutFor } from '../layout.ts';
import { entering } from '../phase.ts';
import type { Change, MemberChange, Round, RoundFacts } from '../types.ts';
import type { Choice, Chosen } from './choice.ts';
import { keepTimely, pricesFor, type TrainingClient, timedClients } from './costs.ts';
import { selectionPlan } from './plan.ts';
import { type EarlierProbe, membersToTrain } from './trainers.ts';

/**
 * What a choice of layers asks of the world around the round: what earlier rounds left, of committed ones alone,
 * because the others never happened (R8), and somebody who answers it.
 */
export interface SelectionPort {
  /** The newest probe of each of these clients that has one. */
  earlierProbes(clients: readonly string[]): Promise<ReadonlyMap<string, EarlierProbe>>;
  /** Each client's newest mask in the newest `count` committed rounds. */
  earlierMasks(count: number): Promise<Masks>;
  /** What the strategy remembered after a committed round; null before the first. */
  historyAfter(round: number): Promise<SelectionHistory | null>;
  /** `choose`, here or in a thread: the same masks either way. Throws `StrataError`. */
  choose(choice: Choice): Promise<Chosen>;
}

export interface RoundChoice {
  readonly chosen: Chosen;
  /** What becomes of each member that trains. */
  readonly changes: ReadonlyMap<string, Required<Pick<MemberChange, 'mask' | 'smoothed' | 'cost'>>>;
}

/** The layers of every member that is still there. */
export async function chooseForRound(
  { run, round, cohort, committed }: RoundFacts,
  port: SelectionPort,
): Promise<RoundChoice> {
  const { config } = run;
  const layers = selectableLayers(layoutFor(config));
  const plan = selectionPlan(config, committed);
  const present = cohort.filter((m) => !m.left).map((m) => m.client);
  const earlier = await port.earlierProbes(present);
  const training = membersToTrain(config, round.round, cohort, plan, earlier);
  const trainers = training.map((m) => m.trainer);
  const prices = pricesFor(config, layers, trainers);
  const scores = scaledScores(
    config.selection.scores,
    trainers.map((t) => t.scores),
  );
  const input: SelectionInput = {
    layers,
    costs: prices.costs,
    clients: trainers.map(({ id, samples }, i) => ({
      id,
      samples,
      budget: prices.budgets[i]!,
      scores: scores[i] ?? null,
    })),
    round: plan.turn,
    seed: config.seed,
  };
  const history = run.committedRound === 0 ? null : await port.historyAfter(run.committedRound);
  const timed = config.budget.unit === 'milliseconds' ? timedClients(trainers) : null;
  const chosen = plan.due
    ? await port.choose({ strategy: config.strategy, input, history, timed })
    : keptMasks(run, trainers, input, history, await port.earlierMasks(committed % config.selection.every));
  const changes = training.map(({ trainer, smoothed }) => {
    const mask = [...(chosen.masks[trainer.id] ?? [])];
    return [trainer.id, { mask, cost: prices.costOf(trainer, mask), smoothed }] as const;
  });
  return { chosen, changes: new Map(changes) };
}

/** Nothing is chosen in this round: the masks since the last choice stay, and what the strategy remembers too. */
function keptMasks(
  { config }: RoundFacts['run'],
  trainers: readonly TrainingClient[],
  input: SelectionInput,
  history: SelectionHistory | null,
  earlier: Masks,
): Chosen {
  const masks = keepTimely(config, input.layers, trainers, earlier, carryMasks(earlier, input));
  return { masks, ...(history ? { history } : {}) };
}

/** Training begins with the layers that were chosen. Null when the round has moved on meanwhile. */
export function beginTraining(
  facts: RoundFacts,
  { chosen, changes }: RoundChoice,
  now: number,
): Change | null {
  const { run, round, cohort } = facts;
  if (round.phase !== 'selecting') return null;
  const training = cohort.flatMap((m) => (changes.has(m.client) ? [{ ...m, ...changes.get(m.client) }] : []));
  return {
    round: {
      ...entering(round, 'training', run.config, now),
      selection: accountOf(chosen),
      history: chosen.history ?? null,
      ...maskDiagnostics(run, training),
    },
    members: changes,
    commit: null,
  };
}

function accountOf({ objective, bound, proved }: Chosen): Round['selection'] {
  return {
    ...(objective === undefined ? {} : { objective }),
    ...(bound === undefined ? {} : { bound }),
    ...(proved === undefined ? {} : { proved }),
  };
}
