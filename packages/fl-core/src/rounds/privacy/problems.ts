import {
  type NoisedPrivacy,
  type RunConfig,
  StrataError,
  secretSampling,
  tellsFigures,
} from '../../protocol/index.ts';
import { createStrategy, strategyNamed } from '../../selection/index.ts';
import type { ConfigProblem } from '../config-problem.ts';
import { type PrivacyPlan, privacyPlan } from './plan.ts';
import { sampleConflicts, sampleProblems } from './sample-problems.ts';

export { samplePlanOf } from './sample-plan.ts';

/**
 * What the noise of all rounds may be beside all that clients can change, in a study: over T rounds changes that agree
 * add up as T and noise as sqrt(T), so that beyond sqrt(T) in a round there is more noise than change in the model.
 */
export const mostNoise = (rounds: number): number => 4 * Math.sqrt(rounds);

/** Why a run cannot keep what its differential privacy promises, or what it would be worth nothing with. */
export function privacyProblems(config: RunConfig): ConfigProblem[] {
  switch (config.privacy.kind) {
    case 'none':
      return [];
    case 'client': {
      const refused = privacyConflicts(config);
      return refused.length > 0 ? refused : nonsense(config, config.privacy);
    }
    case 'sample':
      return sampleProblems(config, config.privacy);
    case 'distributed': {
      const refused = privacyConflicts(config);
      return refused.length > 0 ? refused : nonsense(config, config.privacy);
    }
    default:
      return config.privacy satisfies never;
  }
}

/** What would let one client's data reach the model by another way than its clipped update. */
export function privacyConflicts(config: RunConfig): ConfigProblem[] {
  if (config.privacy.kind === 'sample') return sampleConflicts(config);
  return config.privacy.kind === 'distributed' ? distributedConflicts(config) : clientConflicts(config);
}

/** Where participants add the noise themselves; what sums are not enough for, {@link sealedProblems} refuses. */
function distributedConflicts({
  aggregation: { sealing },
  budget,
  privacy,
  strategy,
}: RunConfig): ConfigProblem[] {
  if (privacy.kind !== 'distributed') return [];
  if (sealing.kind === 'open') {
    return [
      {
        path: 'privacy.kind',
        message:
          'Participants add a part of the noise each, which protects them in a sum alone; this run shows the server each update.',
        hint: 'Set aggregation.sealing to sealed, or privacy.kind to client, where the server adds the noise.',
        beside: 'Only where the server sees sums alone: seal the run.',
      },
    ];
  }
  const problems: ConfigProblem[] = [];
  if (privacy.colluding >= sealing.atLeast) {
    problems.push({
      path: 'privacy.colluding',
      message: `Of a sum of ${sealing.atLeast} participants ${privacy.colluding} may give their noise away; nothing is left of it.`,
      hint: 'Set privacy.colluding below aggregation.sealing.atLeast, or that higher.',
      beside: `Below ${sealing.atLeast}, the least number of participants of a sum.`,
    });
  }
  if (createStrategy(strategy).needs !== 'nothing') {
    problems.push({
      path: 'strategy.name',
      message: `The strategy ${strategy.name} chooses layers by scores, and where participants add the noise themselves their scores do not leave their devices.`,
      hint: 'Choose a strategy that asks for no scores (head-only, top, bottom, round-robin, full), or privacy.kind client in a run that is not sealed.',
      beside: 'Goes by scores, which do not leave the devices here.',
    });
  }
  if (budget.kind === 'adaptive') {
    problems.push({
      path: 'budget.kind',
      message:
        'Budgets by measured times choose layers by how much data a participant has, and the noise would not cover that choice.',
      hint: 'Set budget.kind to fixed, participant or drawn.',
      beside: 'Goes by measured times, which tell how much data somebody has.',
    });
  }
  return problems;
}

/** Where the server adds the noise. */
function clientConflicts(config: RunConfig): ConfigProblem[] {
  const { budget, aggregation, local, stopping } = config;
  const problems: ConfigProblem[] = secretSampling(config) === null ? [] : samplingConflicts(config);
  if (budget.kind === 'adaptive' || budget.unit === 'milliseconds') {
    problems.push({
      path: budget.kind === 'adaptive' ? 'budget.kind' : 'budget.unit',
      message:
        'Budgets by measured times choose layers by how much data a participant has, and differential privacy would not cover that choice.',
      hint: 'Set budget.kind to fixed, participant or drawn, and budget.unit to layers, bytes or compute.',
      beside: 'Goes by measured times, which tell how much data somebody has.',
    });
  }
  if (aggregation.rule.name !== 'mean') {
    problems.push({
      path: 'aggregation.rule.name',
      message: `The rule ${aggregation.rule.name} has no bound on what one participant changes that noise could be measured by.`,
      hint: 'Set aggregation.rule to {"name": "mean"}: clipped and noised, everybody weighs the same.',
      beside: 'Differential privacy needs the mean: it clips by itself, and everybody weighs the same.',
    });
  }
  if (local.timeBox !== null) {
    problems.push({
      path: 'local.timeBox',
      message:
        'How many steps a participant was done with tells how much data it has, and weights by it would be covered by no noise.',
      hint: 'Set local.timeBox to null.',
      beside: 'Weights by steps done would tell how much data somebody has.',
    });
  }
  if (local.head.warmUp.kind === 'closed-form') {
    problems.push({
      path: 'local.head.warmUp.kind',
      message:
        'The sums over samples that a head is computed from are no change that could be clipped, and no noise would be on them.',
      hint: 'Set local.head.warmUp.kind to trained.',
      beside: 'No noise would be on its sums: train the head.',
    });
  }
  if (config.retention.best > 0 && !tellsFigures(config)) {
    problems.push({
      path: 'retention.best',
      message:
        'Which models are the best follows from losses that participants measure, and in this run nobody is told them.',
      hint: 'Set retention.best to 0, or privacy.figures to {"kind": "reported"}, which epsilon does not cover.',
      beside: 'Goes by held-out losses, which nobody is told here.',
    });
  }
  for (const when of ['patience', 'target'] as const) {
    if (stopping[when] === null) continue;
    problems.push({
      path: `stopping.${when}`,
      message:
        'Held-out figures have no noise, and which model is the last one would follow from what participants measured.',
      hint: `Set stopping.${when} to null: a run under differential privacy ends after its rounds, or when its budget is spent.`,
      beside: 'Goes by held-out figures, which no noise covers.',
    });
  }
  if (aggregation.participation !== 'none') {
    problems.push({
      path: 'aggregation.participation',
      message:
        'Steps that are shortened by the samples behind a layer would tell how many samples participants have.',
      hint: 'Set aggregation.participation to none.',
      beside: 'Would tell how many samples participants have.',
    });
  }
  return problems;
}

/**
 * What would tell who was drawn, where that is a secret: a sum may differ by one participant's own update, and by nothing
 * that follows from who else is there.
 */
function samplingConflicts({ purpose, strategy, budget, privacy }: RunConfig): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (purpose.kind === 'test' && purpose.sampling !== null) {
    problems.push({
      path: 'purpose.sampling',
      message: 'Cohorts that are drawn by a stated seed are no secret.',
      hint: 'Leave purpose.sampling out, or privacy.sampling.',
      beside: 'A stated seed is no secret.',
    });
  }
  if (createStrategy(strategy).needs !== 'nothing' || strategyNamed(strategy.name).recycles) {
    problems.push({
      path: 'strategy.name',
      message: `The strategy ${strategy.name} chooses layers by what the participants of a round measured, and would tell who was drawn.`,
      hint: 'Choose a strategy that asks for no scores (head-only, top, bottom, round-robin, full), or leave privacy.sampling out.',
      beside: 'Goes by measurements of those who were drawn, which is a secret here.',
    });
  }
  if (budget.kind !== 'fixed') {
    problems.push({
      path: 'budget.kind',
      message: 'Where participants are drawn in secret all of them train the same layers, by one budget.',
      hint: 'Set budget.kind to fixed, or leave privacy.sampling out.',
      beside: 'Must be the same for all where participants are drawn in secret.',
    });
  }
  if (privacy.kind === 'client' && privacy.quantile !== null) {
    problems.push({
      path: 'privacy.quantile',
      message:
        'Where participants are drawn in secret the longest update cannot follow them: how many there are is not known.',
      hint: 'Set privacy.quantile to null, or leave privacy.sampling out.',
      beside: 'Cannot follow where participants are drawn in secret.',
    });
  }
  return problems;
}

/** What could be kept, and would protect nobody or drown the model. */
function nonsense(config: RunConfig, privacy: NoisedPrivacy): ConfigProblem[] {
  // Of whom nobody knows who is drawn all are meant.
  const goal = secretSampling(config) === null ? config.cohort.goal : config.cohort.minimum;
  if (privacy.delta * goal >= 1) {
    return [
      {
        path: 'privacy.delta',
        message: `With a delta of ${privacy.delta}, one of ${goal} participants could be given away wholly.`,
        hint: `Set privacy.delta well below 1 / ${goal}.`,
        beside: `Must be well below 1 / ${goal}: else one of ${goal} could be given away wholly.`,
      },
    ];
  }
  let plan: PrivacyPlan;
  try {
    plan = privacyPlan(config, privacy);
  } catch (error) {
    if (!(error instanceof StrataError)) throw error;
    const { message, hint } = error;
    return [{ path: 'privacy.epsilon', message, hint, beside: `${message} ${hint}` }];
  }
  if (plan.rounds === 0) {
    const first = `One round with a noise of ${privacy.noise} passes an epsilon of ${privacy.epsilon}.`;
    const hint = 'Leave the noise to be computed, or raise it or epsilon.';
    return [{ path: 'privacy.noise', message: first, hint, beside: `${first} ${hint}` }];
  }
  const { noiseOverClip } = plan;
  if (noiseOverClip <= mostNoise(plan.rounds) || config.purpose.kind === 'test') return [];
  const times = noiseOverClip.toPrecision(2);
  return [
    {
      path: 'privacy.epsilon',
      message: `The noise of a round would be ${times} times as long as the longest change that participants can make; over ${plan.rounds} rounds a model learns up to about ${Math.sqrt(plan.rounds).toPrecision(2)} times.`,
      hint: 'Train fewer parameters (the head alone), have more participants a round or a larger epsilon, or mark the run as a test.',
      beside: `Nothing would be learned: the noise is ${times} times as long as all that participants can change. Train the head alone, or with more participants, or with a larger ε.`,
    },
  ];
}
