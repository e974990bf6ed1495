import { ruleNamed } from '../aggregation/index.ts';
import { freshHead, HeadConfig, type RunConfig, trainedHead } from '../protocol/index.ts';
import { taskNamed } from '../tasks/index.ts';
import { closedFormMap } from './closed-form.ts';

/** Whether a sample has one label, whose head can be computed from sums. */
export const oneLabel = ({ task }: Pick<RunConfig, 'task'>): boolean =>
  taskNamed(task.name).hub.problem === 'single_label_classification';

/**
 * How the head of a run is best made, as far as the rest of its configuration allows it: computed from sums where they may
 * be seen, trained elsewhere; nothing of its own where it came with the model. Throws as `specOf`.
 */
export function usualHead(config: RunConfig): HeadConfig {
  const { aggregation, privacy, task } = config;
  if (taskNamed(task.name).labels === null) return HeadConfig.parse({});
  const seen = aggregation.sealing.kind === 'open' && privacy.kind === 'none';
  const computed =
    seen && oneLabel(config) && ruleNamed(aggregation.rule.name).averages && closedFormMap(config) !== null;
  return computed ? freshHead : trainedHead;
}

/** The same configuration with a head that is trained, where the one it has would be computed. */
export const withTrainedHead = <C extends Pick<RunConfig, 'local'>>(config: C): C =>
  config.local.head.warmUp.kind === 'closed-form'
    ? { ...config, local: { ...config.local, head: trainedHead } }
    : config;
