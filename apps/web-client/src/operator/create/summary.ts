import type { RunConfig } from '@strata/fl-core/protocol';
import { plural, seconds } from '../../app/format.ts';

/** What a configuration means, in sentences; `layers` is how many the model has to choose from. */
export function summaryLines(config: RunConfig, layers: number): string[] {
  const { cohort, deadlines, strategy, budget } = config;
  const trained =
    strategy.name === 'full'
      ? `Every participant trains all ${plural(layers, 'layer')} and the head.`
      : strategy.name === 'head-only'
        ? 'Every participant trains the head only.'
        : `Every participant trains ${Math.min(layers, Number(budget.amount) || 0)} of ${plural(layers, 'layer')} a round, and the head.`;
  const limit = [deadlines.probing, deadlines.training, deadlines.evaluating].reduce(
    (a, b) => a + (Number(b) || 0),
    0,
  );
  return [
    `${plural(config.labels.length, 'label')}, told apart from ${config.data.kind === 'image' ? 'images' : 'text'}.`,
    trained,
    `${plural(config.rounds, 'round')} with ${plural(cohort.goal, 'update')} each; a round opens when ${plural(cohort.minimum, 'client is', 'clients are')} ready.`,
    `No round waits for anybody longer than ${seconds(limit)}.`,
  ];
}
