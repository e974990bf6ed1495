import { type Catalog, RunConfig } from '@strata/fl-core/protocol';
import { configProblems } from '@strata/fl-core/rounds/check-config';
import type { z } from 'zod';
import { chosenModel } from './chosen-model.ts';
import { saysPixels } from './pixels.ts';

/**
 * What is wrong with a configuration, by path (`cohort.minimum`), in words for the field. The rules are those that the
 * server refuses by: the schema's, and what the parts demand of each other; the catalogue says which models are there.
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
  const { data } = parsed;
  const model = chosenModel(data.model, catalog);
  if (model === undefined || model.availability === 'missing') {
    errors.model = model?.note || 'This server does not have the model.';
  }
  if (!saysPixels(data.model)) errors['model.pixels'] ??= 'Choose what the model takes.';
  if (model !== undefined) {
    for (const { path, beside } of configProblems(data)) errors[path] ??= beside;
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
  /^(local|deadlines|cohort\.(grace|eligible|timing)|aggregation|selection|stopping|retention|side|seed)\b/.test(
    path,
  );
