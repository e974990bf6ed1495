import { guessRate } from '@strata/fl-core/privacy';
import type { NoisedPrivacy, SamplePrivacy } from '@strata/fl-core/protocol';

/** ε to two decimals at most, without zeros at the end: `8`, `3.21`. */
export const epsilonText = (epsilon: number): string => String(Number(epsilon.toFixed(2)));

/** Of 100 or, where that would be all of them, of as many as it takes: `73 of 100`, `9997 of 10000`. */
export function outOf(rate: number): string {
  for (const of of [100, 10_000, 1_000_000]) {
    // rounded up: it is a bound
    const right = Math.ceil(rate * of - 1e-9);
    if (right < of) return `${right} of ${of}`;
  }
  return 'nearly all';
}

/** What epsilon and delta mean: how often a guess about one participant is right. */
export const guessText = ({ epsilon, delta }: Pick<NoisedPrivacy, 'epsilon' | 'delta'>): string =>
  `whoever sees every model of the run and guesses whether one participant’s changes were in it is right in at most ${outOf(guessRate(epsilon, delta))} cases; a blind guess is in 50 of 100`;

/** The same of one sample of a participant, who protects it itself. */
export const sampleGuessText = ({ epsilon, delta }: Pick<SamplePrivacy, 'epsilon' | 'delta'>): string =>
  `whoever sees all that this device sends and guesses whether one of its samples was learned from is right in at most ${outOf(guessRate(epsilon, delta))} cases; a blind guess is in 50 of 100`;
