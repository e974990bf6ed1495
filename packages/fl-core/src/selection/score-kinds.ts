import type { ChoiceField } from '../variants/index.ts';

/**
 * What a probe can measure for each layer, from the mean gradient g of its parameters theta:
 *
 * - `squared-norm`: ||g||^2, the paper's.
 * - `mean-square`: ||g||^2 over the number of parameters: a layer is not worth more for being large.
 * - `decrease`: by how much the loss falls, to first order, with the first step of the run's optimizer, a unit of its
 *   rate. See {@link measuredScore} for optimizers other than AdamW.
 * - `rgn`: ||g|| / ||theta||.
 * - `snr`: squared mean over variance of the gradients of single samples.
 */
export const scoreKinds = ['squared-norm', 'mean-square', 'decrease', 'rgn', 'snr'] as const;
export type ScoreKind = (typeof scoreKinds)[number];

/**
 * What clients measure when a strategy wants to know `score`. The first step of SGD, with or without momentum, is
 * along g, so that its decrease is the squared norm; clients are asked for `decrease` under AdamW alone.
 */
export function measuredScore(score: ScoreKind, optimizer: 'sgd' | 'adamw'): ScoreKind {
  if (score !== 'decrease') return score;
  switch (optimizer) {
    case 'sgd':
      return 'squared-norm';
    case 'adamw':
      return 'decrease';
    default:
      return optimizer satisfies never;
  }
}

const labels: Readonly<Record<ScoreKind, string>> = {
  'squared-norm': 'Squared gradient norm',
  'mean-square': 'Squared norm per parameter',
  decrease: 'Decrease by the first step',
  rgn: 'Relative gradient norm',
  snr: 'Signal to noise',
};

/** How forms ask for a strategy's option `score`. */
export const scoreField: ChoiceField<'score'> = {
  kind: 'choice',
  option: 'score',
  label: 'What makes a layer important',
  advanced: true,
  choices: scoreKinds.map((value) => ({ value, label: labels[value] })),
};

/** What is added to a strategy's heading where it does not go by squared norms. */
export const scoreHeading = (score: ScoreKind): string =>
  score === 'squared-norm' ? '' : `, by ${labels[score].toLowerCase()}`;
