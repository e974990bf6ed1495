import { ruleNamed } from '../aggregation/index.ts';
import { samples, sampleTasks } from '../data/samples.ts';
import { architectureOf, specOf } from '../models/layouts.ts';
import { type RunConfig, StrataError } from '../protocol/index.ts';

/** Refuses what is valid by its schema and yet cannot work. Throws `bad-config`. */
export function checkConfig(config: RunConfig): void {
  checkModel(config);
  checkSample(config);
  checkRule(config);
  checkBudget(config);
}

function checkModel(config: RunConfig): void {
  const spec = specOf(config);
  if (spec.kind !== config.data.kind) {
    throw new StrataError(
      'bad-config',
      `${spec.title} takes ${spec.kind}, not ${config.data.kind}.`,
      `Set data.kind to ${spec.kind} or choose another model.`,
    );
  }
  architectureOf(spec).check(spec, config);
}

/** Built-in data that demo participants could do nothing with. */
function checkSample({ data, task }: RunConfig): void {
  if (data.sample === null) return;
  const sample = samples[data.sample];
  if (sample.kind === data.kind && sampleTasks(sample).includes(task.name)) return;
  throw new StrataError(
    'bad-config',
    `The sample ${data.sample} does not fit the task ${task.name} on ${data.kind} data.`,
    'Leave data.sample out: participants then bring their own.',
  );
}

/** A rule for which not even a layer that everybody trains could be aggregated. */
function checkRule({ aggregation: { rule }, cohort: { goal } }: RunConfig): void {
  const demand = ruleNamed(rule.name).demand(rule, goal);
  if (demand === null || goal >= demand.updates) return;
  const { updates, sum, purpose, remedy } = demand;
  throw new StrataError(
    'bad-config',
    `${rule.name} ${purpose} needs ${sum} = ${updates} updates of a layer; the goal is ${goal} a round.`,
    `Set cohort.goal to at least ${updates} or ${remedy}.`,
  );
}

/** A budget that lets clients work until after the phase is closed. */
function checkBudget({ budget, deadlines }: RunConfig): void {
  if (budget.kind !== 'adaptive' || budget.deadline <= deadlines.training) return;
  throw new StrataError(
    'bad-config',
    `Adaptive budgets aim at ${budget.deadline} s a round, but training closes after ${deadlines.training} s.`,
    'Lower budget.deadline or raise deadlines.training.',
  );
}
