import { parameterCount, selectableLayers } from '../../models/layouts.ts';
import type { NoisedPrivacy, RunConfig } from '../../protocol/index.ts';
import { budgetOf } from '../../selection/index.ts';
import { layoutFor } from '../layout.ts';
import { choose } from '../selection/choice.ts';
import { pricesFor } from '../selection/costs.ts';
import { honestIn } from './distributed.ts';
import {
  accuracyNoise,
  choiceNoise,
  choicesIn,
  clipSharesIn,
  expectedCohort,
  modelNoise,
  ofOneCohort,
  spentBy,
} from './spending.ts';

/** What a configuration's differential privacy comes to, before the run begins. */
export interface PrivacyPlan {
  /** z of each round. */
  readonly noise: number;
  /** Rounds until another one would pass epsilon, at most the run's. */
  readonly rounds: number;
  /** What they spend together. */
  readonly epsilon: number;
  /**
   * Length of the noise in a round's mean change over the longest mean change that there can be (`clip`), in the turn
   * where it is worst.
   */
  readonly noiseOverClip: number;
  /** Standard deviation of the noise in a round's mean accuracy, of the goal's participants; null where none is published with noise. */
  readonly accuracyNoise: number | null;
}

/** Throws `bad-config` where no noise keeps the run within its epsilon. */
export function privacyPlan(config: RunConfig, privacy: NoisedPrivacy): PrivacyPlan {
  const noise = modelNoise(config, privacy);
  const accuracy = accuracyNoise(config, privacy);
  const spent = (rounds: number) => {
    const together = ofOneCohort(privacy, accuracy === null ? [noise] : [noise, accuracy]);
    const models = together.flatMap((each) => new Array<number>(rounds).fill(each));
    const beside = choicesIn(config, rounds) + clipSharesIn({ privacy }, rounds);
    const others = new Array<number>(beside).fill(choiceNoise(config, privacy));
    return spentBy(config, privacy, [...models, ...others]);
  };
  let [rounds, tooMany] = [0, config.rounds + 1];
  while (tooMany - rounds > 1) {
    const middle = (rounds + tooMany) >> 1;
    if (spent(middle) <= privacy.epsilon * (1 + 1e-9)) rounds = middle;
    else tooMany = middle;
  }
  return {
    ...{ noise, rounds, epsilon: spent(rounds), noiseOverClip: noiseOverClip(config, privacy, noise) },
    accuracyNoise: accuracy === null ? null : accuracy / (expectedIn(config, privacy) ?? config.cohort.goal),
  };
}

/** What sums are divided by where cohorts are drawn in secret; null in other runs. */
const expectedIn = ({ cohort }: RunConfig, privacy: NoisedPrivacy): number | null =>
  privacy.kind === 'client' && privacy.sampling !== null
    ? expectedCohort(privacy.sampling, cohort.minimum)
    : null;

/** Turns that are looked at. */
const mostTurns = 12;
/** Clients that are looked at; of more, as many train each layer as their share of these. */
const mostClients = 24;

/** What the noise in a round's model is, over the clip; see {@link noiseLength}. */
function noiseOverClip(config: RunConfig, privacy: NoisedPrivacy, noise: number): number {
  if (privacy.kind === 'distributed') {
    // Each adds its part of what the fewest need, so that a sum of k has k / t times the variance.
    const honest = honestIn(config, privacy);
    return noiseLength(config, noise, null, (k) => 1 / (k * honest));
  }
  return noiseLength(config, noise, expectedIn(config, privacy));
}

/**
 * z sqrt(sum_l P_l / k_l^2) over the trained layers, P_l their parameters and k_l the clients that train them: what
 * `noisedMean` puts on a round's model. A cohort of the goal's size is given layers as the strategy would; where that goes
 * by scores, which are the same for all under differential privacy, the largest layers are taken to matter most.
 * @param expected what sums are divided by where cohorts are drawn in secret, and all train the same layers; else null.
 * @param thinned variance of the noise in a mean of k, over that of z.
 */
export function noiseLength(
  config: RunConfig,
  noise: number,
  expected: number | null,
  thinned: (k: number) => number = (k) => 1 / k ** 2,
): number {
  const goal = expected ?? config.cohort.goal;
  const layout = layoutFor(config);
  const layers = selectableLayers(layout);
  const sizes = new Map(layout.layers.map((l) => [l.name, parameterCount(l)]));
  const head = layout.layers.filter((l) => l.role === 'head').reduce((sum, l) => sum + parameterCount(l), 0);
  const clients = expected === null ? Math.min(goal, mostClients) : 1;
  const trainers = Array.from({ length: clients }, (_, i) => {
    const id = `c${i}`;
    const budget = budgetOf(config.budget, { id, wish: null, rounds: [] }, config.seed);
    return { id, samples: 1, budget, scores: null, measured: null };
  });
  const { costs, reach, budgets } = pricesFor(config, layers, trainers);
  const scores = layers.map((l) => sizes.get(l) ?? 0);
  let worst = 0;
  for (let round = 1; round <= Math.min(mostTurns, config.rounds); round++) {
    const priced = trainers.map(({ id, samples }, i) => ({ id, samples, budget: budgets[i]!, scores }));
    const input = { layers, costs, reach, clients: priced, round, seed: config.seed };
    const masks = Object.values(choose({ strategy: config.strategy, input, history: null }).masks);
    let squares = head * thinned(goal);
    for (const layer of layers) {
      const trainedBy = (masks.filter((m) => m.includes(layer)).length * goal) / clients;
      if (trainedBy > 0) squares += (sizes.get(layer) ?? 0) * thinned(trainedBy);
    }
    worst = Math.max(worst, noise * Math.sqrt(squares));
  }
  return worst;
}
