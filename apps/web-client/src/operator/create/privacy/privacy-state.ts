import {
  type Catalog,
  type ClientPrivacy,
  type DistributedPrivacy,
  type NoisedPrivacy,
  RunConfig,
} from '@strata/fl-core/protocol';
import { type PrivacyPlan, privacyPlan } from '@strata/fl-core/rounds/privacy-plan';
import { privacyConflicts, privacyProblems } from '@strata/fl-core/rounds/privacy-problems';
import { expectedCohort } from '@strata/fl-core/rounds/spending';
import { guessText } from '../../../shared/texts/privacy-text.ts';
import { chosenModel } from '../chosen-model.ts';
import { sealable, startSealing } from './sealing-state.ts';

/** What the form begins with when a run is to be private: usual values for some tens of participants. */
export const startPrivacy: ClientPrivacy = {
  kind: 'client',
  epsilon: 8,
  delta: 0.001,
  clip: 1,
  quantile: null,
  noise: null,
  sampling: null,
};

/** The same of a run whose participants add the noise themselves. */
export const startDistributed: DistributedPrivacy = {
  kind: 'distributed',
  epsilon: 8,
  delta: 0.001,
  clip: 1,
  noise: null,
  colluding: 0,
};

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
    : fittedOpen(config, paths);

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
  return {
    ...config,
    strategy: paths.includes('strategy.name') ? { name: 'head-only' } : strategy,
    purpose: paths.includes('purpose.sampling') ? { kind: 'test', sampling: null } : purpose,
    privacy: follows ? { ...privacy, quantile: null } : privacy,
    budget: timed ? { kind: 'fixed', unit: 'layers', amount: 1 } : budget,
    aggregation: { ...aggregation, rule: { name: 'mean' }, participation: 'none' },
    local: { ...local, timeBox: null },
    stopping: { patience: null, target: null },
  };
}

function sentencesOf({ noise, rounds, epsilon, noiseOverClip }: PrivacyPlan, config: RunConfig): string[] {
  const { privacy, cohort } = config;
  if (privacy.kind === 'none') return [];
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
    `${meaning(privacy)}.`,
  ];
}

const meaning = (privacy: NoisedPrivacy): string => {
  const text = guessText(privacy);
  return `${text[0]?.toUpperCase()}${text.slice(1)}`;
};

const amount = (value: number): string => String(Number(value.toPrecision(2)));
