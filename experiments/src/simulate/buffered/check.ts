import type { RunConfig } from '@strata/fl-core/protocol';
import { createStrategy } from '@strata/fl-core/selection';
import { UsageError } from '../../experiment.ts';
import type { Plan } from '../config.ts';

/** Refuses what a buffer cannot be made with. Throws {@link UsageError} with the reason and what to do. */
export function checkBuffered(plan: Plan, config: RunConfig): void {
  const { buffered, clients } = plan;
  if (buffered === undefined) return;
  const { aggregation, local, privacy, strategy, budget } = config;
  const problems: (readonly [found: boolean, why: string])[] = [
    [
      buffered.updates > buffered.atWork || buffered.atWork > clients,
      `buffered.updates (${buffered.updates}) may be no more than buffered.atWork (${buffered.atWork}), and that no more than the clients (${clients}): a buffer would never fill`,
    ],
    [
      aggregation.sealing.kind !== 'open',
      'aggregation.sealing: masks of different versions do not cancel; leave it open',
    ],
    [
      privacy.kind !== 'none',
      'privacy: its accountant counts rounds of one cohort each; leave it out, or buffered',
    ],
    [local.timeBox !== null, 'local.timeBox: there is no deadline to stop before; leave it out'],
    [
      !['mean', 'clipped-mean'].includes(aggregation.rule.name),
      `aggregation.rule: ${aggregation.rule.name} counts clients alike, and a stale one would count as a fresh one; take mean or clipped-mean`,
    ],
    [
      aggregation.optimizer.name !== 'fedavg' || aggregation.participation !== 'none',
      'aggregation: staleness shortens the step of fedavg; take that, with participation none',
    ],
    [
      createStrategy(strategy).needs !== 'nothing' || budget.unit === 'milliseconds',
      `strategy: ${strategy.name} asks for a probe (or the budget for times), which all would wait for; take one that asks for none, as top or lisa`,
    ],
    [local.head.warmUp.rounds > 0, 'local.head.warmUp: its rounds are of whole cohorts; set its rounds to 0'],
  ];
  const found = problems.filter(([wrong]) => wrong).map(([, why]) => why);
  if (found.length > 0) throw new UsageError(`A buffered run cannot have this:\n${found.join('\n')}`);
}
