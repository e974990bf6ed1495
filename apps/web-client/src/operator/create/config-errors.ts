import { ruleNamed } from '@strata/fl-core/aggregation';
import { type Catalog, RunConfig } from '@strata/fl-core/protocol';
import type { z } from 'zod';
import { chosenModel } from './chosen-model.ts';
import { fittingSamples } from './defaults.ts';

/**
 * What is wrong with a configuration, by path (`cohort.minimum`), in words for the field. The rules are the
 * protocol's; the model's own rules about its tasks and the image side come from the catalogue, as does what a sample
 * is good for, and what a rule demands is known before a round has to fail by it.
 */
export function configErrors(values: unknown, catalog: Catalog): Record<string, string> {
  const errors: Record<string, string> = {};
  const parsed = RunConfig.safeParse(values);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      // one field holds all labels
      const path = issue.path[0] === 'labels' ? 'labels' : issue.path.join('.');
      errors[path] ??= words(issue);
    }
    return errors;
  }
  const model = chosenModel(parsed.data.model, catalog);
  if (model === undefined || model.availability === 'missing') {
    errors.model = model?.note || 'This server does not have the model.';
  } else if (model.kind === 'image') {
    const { sideMultiple, largestSide } = model;
    const fits = parsed.data.side % sideMultiple === 0 && parsed.data.side <= largestSide;
    if (!fits)
      errors.side = sideMultiple === largestSide ? `Only ${largestSide}.` : `A multiple of ${sideMultiple}.`;
  }
  const { task, data } = parsed.data;
  if (model !== undefined && !model.tasks.includes(task.name)) {
    errors.task = `${model.title} cannot be trained for this.`;
  } else if (data.sample !== null && model !== undefined) {
    const fitting = fittingSamples(model, catalog.samples, task.name);
    if (!fitting.some((s) => s.id === data.sample))
      errors['data.sample'] = 'This sample does not fit the task.';
  }
  const { rule } = parsed.data.aggregation;
  const { goal } = parsed.data.cohort;
  const demand = ruleNamed(rule.name).demand(rule, goal);
  if (demand !== null && goal < demand.updates) {
    errors[`aggregation.rule.${demand.option}`] =
      `Needs ${demand.updates} updates a round (${demand.sum.replaceAll('*', '×')}); “Updates wanted” is ${goal}.`;
  }
  return errors;
}

function words(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'number' || issue.expected === 'int' ? 'Enter a number.' : issue.message;
    case 'too_small':
      if (issue.origin === 'string') return 'Must not be empty.';
      if (issue.origin === 'array') return `At least ${issue.minimum} are needed.`;
      return issue.inclusive ? `At least ${issue.minimum}.` : `More than ${issue.minimum}.`;
    case 'too_big':
      if (issue.origin === 'string') return `At most ${issue.maximum} characters.`;
      if (issue.origin === 'array') return `At most ${issue.maximum}.`;
      return issue.inclusive ? `At most ${issue.maximum}.` : `Less than ${issue.maximum}.`;
    default: {
      const [first = '', ...rest] = issue.message;
      return `${first.toUpperCase()}${rest.join('')}.`;
    }
  }
}

/** Fields that are folded away under "Advanced". */
export const isAdvanced = (path: string): boolean =>
  /^(local|deadlines|aggregation|selection|side|seed)\b/.test(path);
