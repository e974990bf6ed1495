import { ruleNamed } from '../aggregation/index.ts';
import { freshHead, HeadConfig, type RunConfig, StrataError, trainedHead } from '../protocol/index.ts';
import { taskNamed } from '../tasks/index.ts';
import { closedFormMap } from './closed-form.ts';

/** Whether a sample has one label, whose head can be computed from sums. */
export const oneLabel = ({ task }: Pick<RunConfig, 'task'>): boolean =>
  taskNamed(task.name).hub.problem === 'single_label_classification';

/**
 * How the head of a run is best made, as far as the rest of its configuration allows it: computed from sums where they may
 * be seen, trained elsewhere; nothing of its own where it came with the model. A model that cannot be used at all is for
 * others to refuse.
 */
export function usualHead(config: RunConfig): HeadConfig {
  const { aggregation, privacy, task } = config;
  if (taskNamed(task.name).labels === null) return HeadConfig.parse({});
  const seen = aggregation.sealing.kind === 'open' && privacy.kind === 'none';
  const averages = ruleNamed(aggregation.rule.name).averages;
  return seen && averages && oneLabel(config) && hasMap(config) ? freshHead : trainedHead;
}

function hasMap(config: RunConfig): boolean {
  try {
    return closedFormMap(config) !== null;
  } catch (error) {
    if (error instanceof StrataError) return false;
    throw error;
  }
}

/** The same configuration with a head that is trained, where the one it has would be computed. */
export const withTrainedHead = <C extends Pick<RunConfig, 'local'>>(config: C): C =>
  config.local.head.warmUp.kind === 'closed-form'
    ? { ...config, local: { ...config.local, head: trainedHead } }
    : config;
