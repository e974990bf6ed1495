import type { RunConfig } from '../../protocol/index.ts';
import { createStrategy } from '../../selection/index.ts';
import type { ConfigProblem } from '../config-problem.ts';

/** What cannot be done with sums alone (docs/privacy.md): refused, with the reason. */
export function sealedProblems(config: RunConfig): ConfigProblem[] {
  const { aggregation, budget, cohort, local, privacy, retention, selection, stopping, strategy } = config;
  const { sealing, rule, weightCap } = aggregation;
  if (sealing.kind === 'open') return [];
  const problems: ConfigProblem[] = [];
  const add = (path: string, message: string, hint: string, beside: string) =>
    problems.push({ path, message, hint, beside });
  if (rule.name !== 'mean') {
    add(
      'aggregation.rule',
      `${rule.name} compares the participants' changes with each other; of a sealed round the server has their sum alone.`,
      'Set aggregation.rule to mean, or aggregation.sealing to open.',
      'A sealed run can only take the mean.',
    );
  }
  if (weightCap !== null) {
    add(
      'aggregation.weightCap',
      'aggregation.weightCap is a multiple of the median of the sample counts, which nobody sees of a sealed round.',
      'Set aggregation.weightCap to null: aggregation.sealing.samples bounds what a participant weighs.',
      'Nobody sees sample counts in a sealed run.',
    );
  }
  // What stands against the promise of each sample, its own rules say.
  if (privacy.kind === 'client') {
    add(
      'privacy',
      'The promise of privacy rests on changes that the server clips, one by one; of a sealed round it has their sum alone.',
      'Set privacy.kind to distributed, where participants clip and add noise themselves, or aggregation.sealing to open.',
      'Of a sealed run the server can clip nobody: participants have to add the noise themselves.',
    );
  }
  const { needs } = createStrategy(strategy);
  if (needs === 'history') {
    add(
      'strategy',
      `${strategy.name} keeps a history of each participant's scores, which would leave its device in the clear.`,
      'Choose a strategy without a history, or set aggregation.sealing to open.',
      'Keeps a history of scores, of which a sealed run has the mean alone.',
    );
  }
  if (needs === 'scores' && selection.scores === 'raw') {
    add(
      'selection.scores',
      'Raw scores have no bound that a sum could be made within.',
      'Set selection.scores to share, or aggregation.sealing to open.',
      'A sealed run sums shares.',
    );
  }
  if (budget.unit === 'milliseconds') {
    add(
      'budget.unit',
      "Budgets in milliseconds need each participant's times, which would leave its device in the clear.",
      'Choose budgets in layers, bytes or compute, or set aggregation.sealing to open.',
      'Needs times, which a sealed run does not have.',
    );
  }
  if (local.head.warmUp.kind === 'closed-form') {
    add(
      'local.head.warmUp.kind',
      'The sums that a head is computed from have no bound by which they could be masked.',
      'Set local.head.warmUp.kind to trained, or aggregation.sealing to open.',
      'Its sums cannot be masked: train the head.',
    );
  }
  if (local.timeBox !== null) {
    add(
      'local.timeBox',
      'Updates of a part of the steps weigh by that part, which nobody sees of a sealed round.',
      'Set local.timeBox to null, or aggregation.sealing to open: who is late costs a sealed round nothing, since masks are made after training.',
      'Nobody sees how many steps somebody did in a sealed run.',
    );
  }
  const late = [
    ['stopping.patience', stopping.patience !== null, 'null'],
    ['stopping.target', stopping.target !== null, 'null'],
    ['retention.best', retention.best > 0, '0'],
  ] as const;
  for (const [path, wanted, none] of late) {
    if (!wanted) continue;
    add(
      path,
      `${path} goes by how a model does on held-out data when it is committed; of a sealed round that is summed up in the next.`,
      `Set ${path} to ${none}, or aggregation.sealing to open.`,
      'A sealed run learns how a model does one round late.',
    );
  }
  const { atLeast } = sealing;
  if (cohort.minimum < atLeast) {
    add(
      'cohort.minimum',
      `A sum of a sealed round is of ${atLeast} participants at least; a round may open with ${cohort.minimum}.`,
      `Set cohort.minimum to ${atLeast} or more, or aggregation.sealing.atLeast lower.`,
      `At least ${atLeast}, of which a sum may be seen.`,
    );
  }
  if (cohort.eligible.samples > 1) {
    add(
      'cohort.eligible.samples',
      'A participant of a sealed run does not say how many samples it has.',
      'Set cohort.eligible.samples to 1, or aggregation.sealing to open.',
      'Nobody sees how many samples somebody has in a sealed run.',
    );
  }
  return problems;
}
