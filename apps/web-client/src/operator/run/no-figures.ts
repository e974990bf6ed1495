import type { RunConfig } from '@strata/fl-core/protocol';

/** Why participants tell no losses, accuracies and scores in a run, in a few words and in a sentence. */
export interface NoFigures {
  readonly note: string;
  readonly text: string;
}

/** Null where they tell them, or are to be seen in sums. */
export function noFigures(privacy: RunConfig['privacy']): NoFigures | null {
  switch (privacy.kind) {
    case 'none':
      return null;
    case 'client':
      return privacy.figures.kind !== 'withheld'
        ? null
        : {
            note: 'nobody is asked',
            text: 'How models do on their data participants tell nobody in this run, since its bound would not cover it. How good a model is, you find out with data of your own (strata test).',
          };
    case 'sample':
      return {
        note: 'participants send none',
        text: 'Each participant protects its samples by itself: losses and accuracies stay on the devices. How good a model is, you find out with data of your own (strata test).',
      };
    case 'distributed':
      return {
        note: 'stay on the devices',
        text: 'Participants noise what they send, and nothing but their changes leaves: losses and accuracies stay on the devices. How good a model is, you find out with data of your own (strata test).',
      };
    default:
      return privacy satisfies never;
  }
}
