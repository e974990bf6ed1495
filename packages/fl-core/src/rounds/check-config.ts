import { ruleNamed, rules } from '../aggregation/index.ts';
import { samples, sampleTasks } from '../data/samples.ts';
import { architectureOf, checkTask, specAtFirst, specOf } from '../models/layouts.ts';
import { type RunConfig, StrataError } from '../protocol/index.ts';
import { bufferedProblems } from './buffered/config-problems.ts';
import { closedFormMap } from './closed-form.ts';
import type { ConfigProblem } from './config-problem.ts';
import { privacyProblems } from './privacy/problems.ts';
import { sealedProblems } from './sealed/config-problems.ts';
import { oneLabel } from './usual-head.ts';

export type { ConfigProblem } from './config-problem.ts';

/** Refuses what {@link configProblems} finds. Throws `bad-config`, and whatever is wrong with the model itself. */
export function checkConfig(config: RunConfig): void {
  const [problem] = configProblems(config);
  if (problem !== undefined) throw new StrataError('bad-config', problem.message, problem.hint);
}

/**
 * All rules that the parts of a configuration must keep among each other. Its model is one that a server has looked
 * at; throws as `specOf` where that cannot be used.
 */
export function configProblems(config: RunConfig): ConfigProblem[] {
  const tasks = taskProblems(config);
  const model = tasks.length > 0 ? tasks : [...sideProblems(config), ...initialProblems(config)];
  // its noise is that of the model's layers
  const privacy = model.length > 0 ? [] : privacyProblems(config);
  return [
    ...model,
    ...sampleProblems(config),
    ...ruleProblems(config),
    ...budgetProblems(config),
    ...timeBoxProblems(config),
    ...(model.length > 0 ? [] : closedFormProblems(config)),
    ...sealedProblems(config),
    ...bufferedProblems(config),
    ...privacy,
  ];
}

function taskProblems({ model, task, data }: RunConfig): ConfigProblem[] {
  const spec = specAtFirst(model);
  const check = () => checkTask(spec, task.name);
  const refused = refusal('task', check, () => `${spec.title} cannot be trained for this.`);
  if (refused.length > 0) return refused;
  if (spec.kind === data.kind) return [];
  return [
    {
      path: 'data.kind',
      message: `${spec.title} takes ${spec.kind}, not ${data.kind}.`,
      hint: `Set data.kind to ${spec.kind} or choose another model.`,
      beside: `${spec.title} takes ${spec.kind}.`,
    },
  ];
}

function sideProblems(config: RunConfig): ConfigProblem[] {
  const spec = specOf(config);
  const architecture = architectureOf(spec);
  const { sideMultiple, largestSide } = architecture.sides(spec);
  return refusal(
    'side',
    () => architecture.checkSide(spec, config.side),
    (message) => {
      if (sideMultiple === 1) return message;
      return sideMultiple === largestSide ? `Only ${sideMultiple}.` : `A multiple of ${sideMultiple}.`;
    },
  );
}

function initialProblems(config: RunConfig): ConfigProblem[] {
  const spec = specOf(config);
  const check = () => architectureOf(spec).checkInitial(spec, config.initial);
  return refusal('initial', check, () => `${spec.title} starts from its own weights.`);
}

/** What a check of the model's own throws, as a problem of the value that it looks at. */
function refusal(path: string, check: () => void, beside: (message: string) => string): ConfigProblem[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof StrataError)) throw error;
    const { message, hint } = error;
    return [{ path, message, hint, beside: beside(message) }];
  }
}

/** Built-in data that demo participants could do nothing with. */
function sampleProblems({ data, task }: RunConfig): ConfigProblem[] {
  if (data.sample === null) return [];
  const sample = samples[data.sample];
  if (sample.kind === data.kind && sampleTasks(sample).includes(task.name)) return [];
  return [
    {
      path: 'data.sample',
      message: `The sample ${data.sample} does not fit the task ${task.name} on ${data.kind} data.`,
      hint: 'Leave data.sample out: participants then bring their own.',
      beside: 'This sample does not fit the task.',
    },
  ];
}

/** A rule for which not even a layer that everybody trains could be aggregated. */
function ruleProblems({ aggregation: { rule }, cohort: { goal } }: RunConfig): ConfigProblem[] {
  const demand = ruleNamed(rule.name).demand(rule, goal);
  if (demand === null || goal >= demand.updates) return [];
  const { option, updates, sum, purpose, remedy } = demand;
  return [
    {
      path: `aggregation.rule.${option}`,
      message: `${rule.name} ${purpose} needs ${sum} = ${updates} updates of a layer; the goal is ${goal} a round.`,
      hint: `Set cohort.goal to at least ${updates} or ${remedy}.`,
      beside: `Needs ${updates} updates a round (${sum.replaceAll('*', '×')}); “Updates wanted” is ${goal}.`,
    },
  ];
}

/** A budget that lets clients work until after the phase is closed. */
function budgetProblems({ budget, deadlines: { training } }: RunConfig): ConfigProblem[] {
  if (budget.kind !== 'adaptive' || budget.deadline <= training) return [];
  return [
    {
      path: 'budget.deadline',
      message: `Adaptive budgets aim at ${budget.deadline} s a round, but training closes after ${training} s.`,
      hint: 'Lower budget.deadline or raise deadlines.training.',
      beside: `At most ${training}, when training closes.`,
    },
  ];
}

/** A head that cannot be computed from sums. */
function closedFormProblems(config: RunConfig): ConfigProblem[] {
  const { aggregation, local, task } = config;
  if (local.head.warmUp.kind !== 'closed-form') return [];
  const path = 'local.head.warmUp.kind';
  const hint = 'Set local.head.warmUp.kind to trained.';
  if (!oneLabel(config)) {
    const message = `A head is computed for one label a sample; the task is ${task.name}.`;
    return [{ path, message, hint, beside: 'For tasks with one label a sample.' }];
  }
  if (closedFormMap(config) === null) {
    const message =
      'The head of this model cannot be computed: it has no linear map with a bias to the labels.';
    return [{ path, message, hint, beside: 'This model has no head that could be.' }];
  }
  const { name } = aggregation.rule;
  if (ruleNamed(name).averages) return [];
  const message = `The rule ${name} looks at each value by itself or at whole updates; a head is computed from means.`;
  const means = rules.filter(({ averages }) => averages).map((r) => r.name);
  return [
    {
      ...{ path, message, beside: 'Needs a rule that takes means.' },
      hint: `Set aggregation.rule to ${means.join(', ')}, or local.head.warmUp.kind to trained.`,
    },
  ];
}

/** A round in which nobody could train. */
function timeBoxProblems({ local: { timeBox }, deadlines: { training } }: RunConfig): ConfigProblem[] {
  if (timeBox === null || timeBox < training) return [];
  return [
    {
      path: 'local.timeBox',
      message: `Devices would stop ${timeBox} s before training closes, which lasts ${training} s.`,
      hint: 'Lower local.timeBox or raise deadlines.training.',
      beside: `Less than the ${training} s that training lasts.`,
    },
  ];
}
