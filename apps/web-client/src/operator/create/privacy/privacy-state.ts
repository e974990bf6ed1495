import {
  type Catalog,
  type ClientPrivacy,
  type DistributedPrivacy,
  type NoisedPrivacy,
  type PrivacyConfig,
  protectsClients,
  RunConfig,
  type SamplePrivacy,
} from '@strata/fl-core/protocol';
import { type PrivacyPlan, privacyPlan } from '@strata/fl-core/rounds/privacy-plan';
import { privacyConflicts, privacyProblems, samplePlanOf } from '@strata/fl-core/rounds/privacy-problems';
import { expectedCohort } from '@strata/fl-core/rounds/spending';
import { withTrainedHead } from '@strata/fl-core/rounds/usual-head';
import { guessText, sampleGuessText } from '../../../shared/texts/privacy-text.ts';
import { chosenModel } from '../chosen-model.ts';
import { sealable, startSealing } from './sealing-state.ts';

/** What the form begins with when a run is to be private: usual values for some tens of participants. */
const startClient: ClientPrivacy = {
  kind: 'client',
  epsilon: 8,
  delta: 0.001,
  clip: 1,
  quantile: null,
  noise: null,
  sampling: null,
  figures: { kind: 'withheld' },
};
/** Where the form begins with each of what may be told of how models do. */
export const startFigures = {
  withheld: { kind: 'withheld' },
  noised: { kind: 'noised', share: 0.1 },
  reported: { kind: 'reported' },
} as const satisfies { readonly [K in ClientPrivacy['figures']['kind']]: ClientPrivacy['figures'] };

/** The same where participants have some thousands of samples each. */
const startSample: SamplePrivacy = { kind: 'sample', epsilon: 8, delta: 1e-5, clip: 1, noise: null };

/** The same of a run whose participants add the noise themselves. */
const startDistributed: DistributedPrivacy = {
  kind: 'distributed',
  epsilon: 8,
  delta: 0.001,
  clip: 1,
  noise: null,
  colluding: 0,
};

export const startPrivacy = {
  none: { kind: 'none' },
  client: startClient,
  distributed: startDistributed,
  sample: startSample,
} as const satisfies { readonly [K in PrivacyConfig['kind']]: Extract<PrivacyConfig, { kind: K }> };

/** What a configuration's differential privacy comes to, while it is being typed in. */
export type PrivacyState =
  /** Off, or a field holds no value yet: its own message says which. */
  | { readonly kind: 'none' }
  /** Other settings let a participant's data through another way; in sentences. */
  | { readonly kind: 'conflicts'; readonly sentences: readonly string[]; readonly paths: readonly string[] }
  /** The plan, in sentences, and how it will go with the noise. */
  | { readonly kind: 'plan'; readonly verdict: Verdict; readonly sentences: readonly string[] };

/** `usable`: changes that agree outgrow the noise within the run; `drowned`: they do not. */
export type Verdict = 'usable' | 'drowned' | 'nonsense';

export function privacyState(values: unknown, catalog: Catalog): PrivacyState {
  const parsed = RunConfig.safeParse(values);
  if (!parsed.success || chosenModel(parsed.data.model, catalog) === undefined) return { kind: 'none' };
  const config = parsed.data;
  if (config.privacy.kind === 'none') return { kind: 'none' };
  const conflicts = privacyConflicts(config);
  if (conflicts.length > 0) {
    return {
      kind: 'conflicts',
      sentences: conflicts.map(({ message }) => message),
      paths: conflicts.map(({ path }) => path),
    };
  }
  const problems = privacyProblems(config);
  // A plan cannot be made where no noise is enough; then the field says so.
  if (problems.length > 0 && problems.every(({ message }) => message.startsWith('No noise')))
    return { kind: 'none' };
  if (config.privacy.kind === 'sample') {
    if (problems.length > 0) return { kind: 'none' };
    return samplePlanState(config, config.privacy);
  }
  const plan = privacyPlan(config, config.privacy);
  // what is wrong with delta or noise stands beside them
  const nonsense = problems.some(({ path }) => path === 'privacy.epsilon');
  return {
    kind: 'plan',
    verdict: nonsense ? 'nonsense' : verdictOf(plan),
    sentences: sentencesOf(plan, config),
  };
}

/** Over T rounds changes that agree grow as T and noise as sqrt(T). */
const verdictOf = ({ noiseOverClip, rounds }: PrivacyPlan): Verdict =>
  noiseOverClip > Math.sqrt(rounds) ? 'drowned' : 'usable';

/** With these settings every conflict is gone. */
export const fitted = (config: RunConfig, paths: readonly string[]): RunConfig =>
  config.privacy.kind === 'distributed'
    ? fittedSealed(config, config.privacy, paths)
    : fittedOpen(withTrainedHead(config), paths);

function fittedSealed(
  { aggregation, budget, privacy: _, strategy, ...config }: RunConfig,
  privacy: DistributedPrivacy,
  paths: readonly string[],
): RunConfig {
  const { sealing } = aggregation;
  return sealable({
    ...config,
    strategy: paths.includes('strategy.name') || sealing.kind === 'open' ? { name: 'head-only' } : strategy,
    budget: budget.kind === 'adaptive' ? { kind: 'fixed', unit: 'layers', amount: 1 } : budget,
    privacy: paths.includes('privacy.colluding') ? { ...privacy, colluding: 0 } : privacy,
    aggregation: { ...aggregation, sealing: sealing.kind === 'open' ? startSealing : sealing },
  });
}

function fittedOpen(
  { budget, aggregation, local, privacy, purpose, strategy, ...config }: RunConfig,
  paths: readonly string[],
): RunConfig {
  const timed = paths.some((path) => path.startsWith('budget.'));
  const follows = paths.includes('privacy.quantile') && privacy.kind === 'client';
  if (privacy.kind === 'sample') {
    return {
      ...config,
      ...{ purpose, privacy },
      strategy: paths.includes('strategy.name') ? { name: 'head-only' } : strategy,
      budget: timed ? { kind: 'fixed', unit: 'layers', amount: 1 } : budget,
      aggregation: { ...aggregation, sealing: { kind: 'open' } },
      local: { ...local, timeBox: null },
      stopping: { patience: null, target: null },
      retention: { ...config.retention, best: 0 },
    };
  }
  return {
    ...config,
    strategy: paths.includes('strategy.name') ? { name: 'head-only' } : strategy,
    purpose: paths.includes('purpose.sampling') ? { kind: 'test', sampling: null } : purpose,
    privacy: follows ? { ...privacy, quantile: null } : privacy,
    budget: timed ? { kind: 'fixed', unit: 'layers', amount: 1 } : budget,
    aggregation: { ...aggregation, rule: { name: 'mean' }, participation: 'none' },
    local: { ...local, timeBox: null },
    stopping: { patience: null, target: null },
    retention: { ...config.retention, best: paths.includes('retention.best') ? 0 : config.retention.best },
  };
}

function sentencesOf(plan: PrivacyPlan, config: RunConfig): string[] {
  const { noise, rounds, epsilon, noiseOverClip } = plan;
  const { privacy, cohort } = config;
  if (!protectsClients(privacy)) return [];
  const sampling = privacy.kind === 'client' ? privacy.sampling : null;
  const lasts =
    rounds < config.rounds
      ? `The budget lasts for ${rounds} of ${config.rounds} rounds; then the run stops.`
      : `All ${rounds} rounds together come to an ε of ${epsilon.toFixed(2)}.`;
  return [
    privacy.kind === 'client'
      ? `Noise of ${amount(noise)} times the longest update on every value of a sum. ${lasts}`
      : `Every participant adds a part of the noise; on every value of the smallest sum it is ${amount(noise)} times the longest update. ${lasts}`,
    ...(sampling === null
      ? []
      : [
          `Of ${cohort.minimum} who are there about ${amount(expectedCohort(sampling, cohort.minimum))} are in a round, by chance more, fewer or nobody; the sum is divided by that number whoever was. “Updates wanted” and the quorum count for nothing. Who was in which round must stay with you: the bound is for those who are not told.`,
        ]),
    `In a round’s model the noise is ${amount(noiseOverClip)} times as long as the longest change that ${sampling === null ? `${cohort.goal} participants` : 'so many'} can make together; over ${rounds} rounds a model can learn against up to about ${amount(Math.sqrt(rounds))} times.`,
    ...(privacy.kind === 'client' ? [figuresText(privacy.figures.kind, plan.accuracyNoise)] : []),
    `${meaning(privacy)}.`,
  ];
}

/** Noise in a mean accuracy beyond which it tells next to nothing. */
const muchNoise = 0.15;

function figuresText(kind: ClientPrivacy['figures']['kind'], noise: number | null): string {
  switch (kind) {
    case 'withheld':
      return 'Participants tell nobody how the models do on their data: you find that out with data of your own (strata test).';
    case 'noised': {
      const points = amount(100 * (noise ?? 0));
      const much =
        (noise ?? 0) > muchNoise
          ? ', which says next to nothing: withhold it, or have more participants'
          : '';
      return `Of a round’s model the mean accuracy is published with noise of ${points} points (standard deviation)${much}. It counts in ε; of a single participant nothing is kept.`;
    }
    case 'reported':
      return 'Losses, accuracies and scores are shown to you as participants report them, means of them to all: ε says nothing of what they tell.';
    default:
      return kind satisfies never;
  }
}

/** Participants that the form looks at, by their samples. */
const looked = [100, 1000, 10_000] as const;

function samplePlanState(config: RunConfig, privacy: SamplePrivacy): PrivacyState {
  const plans = looked.map((samples) => ({ samples, ...samplePlanOf(config, privacy, samples) }));
  const each = plans.map(
    ({ samples, noise, rounds, epsilon }) =>
      `with ${samples} samples ${amount(noise)} times (${rounds < config.rounds ? `which lasts for ${rounds} of ${config.rounds} rounds` : `ε ${epsilon.toFixed(2)}`})`,
  );
  const learns = plans.map(
    ({ samples, noiseOverClip, steps }) =>
      `with ${samples} each ${amount(noiseOverClip)} times, against up to about ${amount(Math.sqrt(steps))}`,
  );
  const usable = plans.some(({ noiseOverClip, steps }) => noiseOverClip <= Math.sqrt(steps));
  const text = sampleGuessText(privacy);
  return {
    kind: 'plan',
    verdict: usable ? 'usable' : 'drowned',
    sentences: [
      `Noise on every value of a step’s sum, in longest gradients: ${each.join(', ')}. Larger batches and more samples cost less.`,
      `In the mean of ${config.cohort.goal} participants the noise of a step is so many times as long as the longest gradient, and a model can learn against so many: ${learns.join('; ')}.`,
      'Participants send no losses, accuracies and scores, and hold nothing out: how well the model does you find out elsewhere. They train one sample at a time, which takes longer.',
      `${text[0]?.toUpperCase()}${text.slice(1)}. It is each participant’s own doing: what they claim to have spent nobody can check.`,
    ],
  };
}

const meaning = (privacy: NoisedPrivacy): string => {
  const text = guessText(privacy);
  return `${text[0]?.toUpperCase()}${text.slice(1)}`;
};

const amount = (value: number): string => String(Number(value.toPrecision(2)));
