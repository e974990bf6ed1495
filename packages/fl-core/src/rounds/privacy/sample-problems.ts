import { type RunConfig, type SamplePrivacy, StrataError } from '../../protocol/index.ts';
import { createStrategy } from '../../selection/index.ts';
import type { ConfigProblem } from '../config-problem.ts';
import { samplePlanOf } from './sample-plan.ts';

/** Why a run cannot keep what it promises of each sample. */
export function sampleProblems(config: RunConfig, privacy: SamplePrivacy): ConfigProblem[] {
  const refused = sampleConflicts(config);
  return refused.length > 0 ? refused : impossible(config, privacy);
}

/**
 * What would let a sample's data leave a device by another way than its noised gradients. How the server mixes updates is
 * free: whatever is made of what a client has sent tells no more of its samples than that does. So is the number of
 * samples, which is public: the promise is towards one of them whose gradients are its own or zeros.
 */
export function sampleConflicts({
  aggregation,
  budget,
  local,
  retention,
  stopping,
  strategy,
}: RunConfig): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const add = (path: string, message: string, hint: string, beside: string) =>
    problems.push({ path, message, hint, beside });
  if (createStrategy(strategy).needs !== 'nothing') {
    add(
      'strategy.name',
      `The strategy ${strategy.name} asks participants how much each layer matters for their samples, and no noise is on the answers.`,
      'Choose a strategy that asks for no scores (head-only, top, bottom, round-robin, full).',
      'Goes by scores, which no noise covers here.',
    );
  }
  if (budget.kind === 'adaptive' || budget.unit === 'milliseconds') {
    add(
      budget.kind === 'adaptive' ? 'budget.kind' : 'budget.unit',
      'Budgets by measured times choose layers by how long somebody’s samples take, and no noise covers that.',
      'Set budget.kind to fixed, participant or drawn, and budget.unit to layers, bytes or compute.',
      'Goes by measured times, which no noise covers here.',
    );
  }
  if (local.head.warmUp.kind === 'closed-form') {
    add(
      'local.head.warmUp.kind',
      'The sums over samples that a head is computed from would leave a device without noise.',
      'Set local.head.warmUp.kind to trained.',
      'No noise would be on its sums: train the head.',
    );
  }
  if (local.timeBox !== null) {
    add(
      'local.timeBox',
      'How far a participant came in a given time follows from which samples it drew, which must stay secret.',
      'Set local.timeBox to null.',
      'Would tell how many samples were drawn, which must stay secret.',
    );
  }
  const measured = [
    ['stopping.patience', stopping.patience !== null, 'null'],
    ['stopping.target', stopping.target !== null, 'null'],
    ['retention.best', retention.best > 0, '0'],
  ] as const;
  for (const [path, wanted, none] of measured) {
    if (!wanted) continue;
    add(
      path,
      `${path} goes by figures that participants measure on their samples; in this run they hold nothing out and send none.`,
      `Set ${path} to ${none}.`,
      'Goes by held-out figures, which nobody sends here.',
    );
  }
  if (aggregation.sealing.kind === 'sealed') {
    add(
      'aggregation.sealing',
      'In a sealed round losses and held-out figures travel with the sums, and no noise is on them.',
      'Set aggregation.sealing to open: what a participant sends is noised before it leaves.',
      'Would sum up figures that have no noise.',
    );
  }
  return problems;
}

/** Samples of a participant for whom a promise is easily kept: the more there are, the less a step tells of one. */
const many = 1_000_000;

/** What nobody could keep, however many samples it has. */
function impossible(config: RunConfig, privacy: SamplePrivacy): ConfigProblem[] {
  try {
    if (samplePlanOf(config, privacy, many).rounds > 0) return [];
    const message = `One round with a noise of ${privacy.noise} passes an epsilon of ${privacy.epsilon}, even of participants with ${many} samples.`;
    const hint = 'Leave the noise to be computed, or raise it or epsilon.';
    return [{ path: 'privacy.noise', message, hint, beside: `${message} ${hint}` }];
  } catch (error) {
    if (!(error instanceof StrataError)) throw error;
    const { message, hint } = error;
    return [{ path: 'privacy.epsilon', message, hint, beside: `${message} ${hint}` }];
  }
}
