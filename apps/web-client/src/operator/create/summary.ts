import type { HeadConfig, RunConfig } from '@strata/fl-core/protocol';
import { strategyNamed } from '@strata/fl-core/selection';
import { amountShort, amountText } from '../../shared/texts/budget-text.ts';
import { plural, seconds } from '../../shared/texts/format.ts';
import { taskSummary } from '../task-text.ts';

/** What a configuration means, in sentences; `layers` is how many the model has to choose from. */
export function summaryLines(config: RunConfig, layers: number): string[] {
  const { cohort, deadlines, selection, local } = config;
  const limit = [deadlines.probing, deadlines.training, deadlines.evaluating].reduce(
    (a, b) => a + (Number(b) || 0),
    0,
  );
  return [
    taskSummary(config),
    trained(config, layers),
    ...headAlone(local.head.warmUp, Number(config.rounds) || 0),
    ...(selection.every > 1 && strategyNamed(config.strategy.name).everybody === null
      ? [`Layers are chosen anew every ${selection.every} rounds.`]
      : []),
    `${plural(config.rounds, 'round')} with ${plural(cohort.goal, 'update')} each; a round opens when ${plural(cohort.minimum, 'participant is', 'participants are')} ready.`,
    ...(cohort.timing.kind === 'buffered'
      ? [
          `Nobody is waited for: ${plural(cohort.timing.atWork, 'participant is', 'participants are')} at work at once, a round closes as its updates are there, and who is not done counts in a later one.`,
        ]
      : []),
    ...(config.approval ? ['Nobody takes part before you have let them in.'] : []),
    ...(config.purpose.kind === 'test'
      ? ['A test: participants are told that what they send could be read by you.']
      : []),
    ...(config.privacy.kind === 'client'
      ? [
          `Differential privacy: the run ends before its models pass an ε of ${config.privacy.epsilon}. ${told[config.privacy.figures.kind]}`,
        ]
      : []),
    ...(config.privacy.kind === 'sample'
      ? [
          `Each participant protects its own samples: it adds noise before it sends anything, and leaves before it passes an ε of ${config.privacy.epsilon}. You are told no losses and no accuracies.`,
        ]
      : []),
    ...(config.privacy.kind === 'distributed'
      ? [
          `Participants add noise themselves: the run ends before its sums pass an ε of ${config.privacy.epsilon}. Losses and accuracies stay on their devices, so that nothing is shown of them.`,
        ]
      : []),
    `No round waits for anybody longer than ${seconds(limit)}.`,
  ];
}

/** What is told of how models do, where clients are protected. */
const told = {
  withheld: 'You are told no losses and no accuracies.',
  noised: 'Of how models do you are told the mean accuracy with noise, which counts in it.',
  reported: 'It does not cover losses and accuracies, which participants report as they are.',
} as const;

function headAlone(warmUp: HeadConfig['warmUp'], rounds: number): string[] {
  const first = Number(warmUp.rounds) || 0;
  if (first === 0) return [];
  if (first >= rounds)
    return ['But all of its rounds make the head alone: give it more, or a shorter warm start.'];
  return warmUp.kind === 'closed-form'
    ? [
        `Before that the head is computed, from sums over everybody’s samples (${plural(warmUp.rounds, 'round')}${warmUp.every > 0 ? `, then every ${warmUp.every} rounds and in the last` : ''}).`,
      ]
    : [`Before that the head alone, for ${plural(first, 'round')}.`];
}

function trained({ strategy, budget }: RunConfig, layers: number): string {
  const { everybody } = strategyNamed(strategy.name);
  if (everybody === 'all') return `Every participant trains all ${plural(layers, 'layer')} and the head.`;
  if (everybody === 'none') return 'Every participant trains the head only.';
  const { unit } = budget;
  switch (budget.kind) {
    case 'fixed':
      return unit === 'layers'
        ? `Every participant trains ${Math.min(layers, Number(budget.amount) || 0)} of ${plural(layers, 'layer')} a round, and the head.`
        : `Every participant trains layers for ${amountText(budget.amount, unit)} a round, and the head.`;
    case 'participant':
      return `Every participant trains what it offers, ${amountText(budget.fallback, unit)} if it says nothing, and the head.`;
    case 'drawn':
      return `Every participant trains between ${amountShort(Number(budget.min) || 0, unit)} and ${amountText(budget.max, unit)} a round, as drawn, and the head.`;
    case 'adaptive':
      return `Every participant trains what it can within ${seconds(Number(budget.deadline) || 0)}, at most ${amountText(budget.max, unit)}, and the head.`;
    default:
      return budget satisfies never;
  }
}
