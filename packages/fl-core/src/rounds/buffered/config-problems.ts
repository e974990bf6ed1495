import { ruleNamed } from '../../aggregation/index.ts';
import { bufferOf, type RunConfig } from '../../protocol/index.ts';
import { createStrategy } from '../../selection/index.ts';
import type { ConfigProblem } from '../config-problem.ts';

/** What a buffer cannot be made with (docs/decisions.md, asynchronous rounds): refused, with the reason. */
export function bufferedProblems(config: RunConfig): ConfigProblem[] {
  const { aggregation, budget, cohort, local, privacy, strategy } = config;
  const buffer = bufferOf(config);
  if (buffer === null) return [];
  const problems: ConfigProblem[] = [];
  const add = (path: string, message: string, hint: string, beside: string) =>
    problems.push({ path, message, hint, beside });
  const orRounds = 'set cohort.timing.kind to rounds';
  if (buffer.atWork < cohort.goal) {
    add(
      'cohort.timing.atWork',
      `A buffer of ${cohort.goal} updates (cohort.goal) never fills while no more than ${buffer.atWork} clients are at work.`,
      'Raise cohort.timing.atWork or lower cohort.goal.',
      `At least ${cohort.goal}, the updates wanted.`,
    );
  }
  if (aggregation.sealing.kind === 'sealed') {
    add(
      'aggregation.sealing',
      'Masks of updates from different rounds do not cancel, and a buffer mixes rounds.',
      `Set aggregation.sealing to open, or ${orRounds}.`,
      'Not in buffered runs: masks of different rounds do not cancel.',
    );
  }
  if (privacy.kind !== 'none') {
    add(
      'privacy',
      'What differential privacy spends is counted by rounds of one cohort each, and a buffer mixes several.',
      `Set privacy.kind to none, or ${orRounds}.`,
      'Not in buffered runs: what is spent is counted by rounds of one cohort.',
    );
  }
  if (local.timeBox !== null) {
    add(
      'local.timeBox',
      'In a buffered run there is no end of training that a device could stop before: who is slow goes on into the next round.',
      `Set local.timeBox to null, or ${orRounds}.`,
      'Not in buffered runs, where slow devices go on into the next round.',
    );
  }
  if (local.head.warmUp.rounds > 0) {
    add(
      'local.head.warmUp.rounds',
      'A warm start of the head is of whole cohorts, and who is carried out of it would train by other epochs.',
      `Set local.head.warmUp to {"kind": "trained", "rounds": 0}, or ${orRounds}.`,
      '0 in buffered runs.',
    );
  }
  // By a mean a stale update can count less than a fresh one.
  if (!ruleNamed(aggregation.rule.name).averages) {
    add(
      'aggregation.rule',
      `${aggregation.rule.name} counts clients alike, and a stale one would count as a fresh one.`,
      `Set aggregation.rule to mean, clipped-mean or norm-clipping, or ${orRounds}.`,
      'Counts clients alike: a stale one as a fresh one.',
    );
  }
  if (aggregation.optimizer.name !== 'fedavg') {
    add(
      'aggregation.optimizer',
      `${aggregation.optimizer.name} keeps moments, which would take the steps that staleness shortens for full ones.`,
      `Set aggregation.optimizer to fedavg, or ${orRounds}.`,
      'Buffered runs take FedAvg.',
    );
  }
  if (aggregation.participation !== 'none') {
    add(
      'aggregation.participation',
      'aggregation.participation shortens steps by who of a cohort trained a layer, and a buffer has no such cohort.',
      `Set aggregation.participation to none, or ${orRounds}.`,
      'Not in buffered runs, which have no cohort of a round.',
    );
  }
  if (createStrategy(strategy).needs !== 'nothing') {
    add(
      'strategy',
      `${strategy.name} asks for a probe, which all would wait for.`,
      `Choose a strategy that asks for no scores (top, bottom, round-robin, lisa, full), or ${orRounds}.`,
      'Asks for a probe, which all would wait for.',
    );
  }
  if (budget.unit === 'milliseconds') {
    add(
      'budget.unit',
      'Budgets in milliseconds are measured by a probe, which all would wait for.',
      `Choose budgets in layers, bytes or compute, or ${orRounds}.`,
      'Needs a probe, which all would wait for.',
    );
  }
  return problems;
}
