import { epsilonOfSteps, samplePlan, withinPromise } from '../../privacy/index.ts';
import { privateSteps, type RunConfig, type SamplePrivacy } from '../../protocol/index.ts';
import { noiseLength } from './plan.ts';

/** What a run that protects each sample comes to for a participant of so many. */
export interface SampleRunPlan {
  /** z of each step. */
  readonly noise: number;
  /** Rounds that it can take part in, at most the run's; a warm start's count as the others do on average. */
  readonly rounds: number;
  /** What they spend together. */
  readonly epsilon: number;
  /** Steps of it in the whole run. */
  readonly steps: number;
  /**
   * Length of the noise in a step, as the mean over the goal's participants has it, over the longest mean gradient that
   * there can be (`clip`): over T steps gradients that agree add up as T, noise as sqrt(T).
   */
  readonly noiseOverClip: number;
}

/** Throws `bad-config` where no noise keeps it within epsilon. @param samples 1 or more. */
export function samplePlanOf(config: RunConfig, privacy: SamplePrivacy, samples: number): SampleRunPlan {
  const { batchSize } = config.local;
  const all = privateSteps(config, samples);
  const { noise, sampling } = samplePlan(privacy, { samples, batchSize, steps: all });
  const spent = (rounds: number) =>
    epsilonOfSteps([{ sampling, noise, steps: Math.ceil((all * rounds) / config.rounds) }], privacy.delta);
  let [rounds, tooMany] = [0, config.rounds + 1];
  while (tooMany - rounds > 1) {
    const middle = (rounds + tooMany) >> 1;
    if (withinPromise(spent(middle), privacy)) rounds = middle;
    else tooMany = middle;
  }
  // All of what one participant trains, once: its noise is over the samples of a batch, and the others' is its own.
  const drowning = noiseLength(config, noise, 1) / Math.min(batchSize, samples);
  return {
    ...{ noise, rounds, epsilon: spent(rounds), steps: all },
    noiseOverClip: drowning / Math.sqrt(config.cohort.goal),
  };
}
