import { epsilonOf, noiseFor, type PrivacyTarget } from '../../privacy/index.ts';
import {
  type ClientPrivacy,
  type NoisedPrivacy,
  protectsClients,
  type RunConfig,
} from '../../protocol/index.ts';
import { createStrategy } from '../../selection/index.ts';
import { distributedEpsilon, distributedNoise } from './distributed.ts';

/** What a run under differential privacy spends, release by release. */

/**
 * What a round released of its clients, with noise: recorded in the transaction that lets somebody see it, because it
 * counts whether the round is committed afterwards or not.
 */
export interface RoundPrivacy {
  /** S, the longest an update of the round may be. */
  readonly clip: number;
  /** Of the layers' scores, which the masks follow from: recorded as training begins. Null where none were asked for. */
  readonly choice: {
    readonly noise: number;
    /** Noised mean share of each layer. */
    readonly shares: Readonly<Record<string, number>>;
  } | null;
  /** Of the model: recorded with the candidate, since `evaluating` sends it out. Null before. */
  readonly model: {
    readonly noise: number;
    /** Which part of the updates was shorter than the clip, noised: where it follows them; null where it stays. */
    readonly share: { readonly noise: number; readonly value: number } | null;
    /** How well it does, where that is published with noise; absent in other runs. */
    readonly accuracy?: NoisedAccuracy;
  } | null;
  /** Where cohorts are drawn in secret: what everybody may know of the round beforehand. Absent in other runs. */
  readonly sample?: {
    /** What sums are divided by: members that were to be expected, q times who was ready. */
    readonly expected: number;
    /** The layers of the round, the same for all; the head comes on top. They get noise whoever trained them, nobody too. */
    readonly layers: readonly string[];
  };
  /** What the run has spent with all of this. */
  readonly epsilon: number;
}

/** The mean accuracy of a model over those who tried it, with noise. It counts from when they are asked. */
export interface NoisedAccuracy {
  /** Standard deviation of the noise on the sum, which a participant changes by 1 at most. */
  readonly noise: number;
  /** What the sum was divided by, public; null until the round is committed, and where nobody tried it. */
  readonly divisor: number | null;
  /** May be below 0 and above 1; null as `divisor` is. */
  readonly value: number | null;
}

/** What a round's model is noised with: z, and the clip S. */
export interface ModelNoise {
  readonly noise: number;
  readonly clip: number;
  /** What sums are divided by; absent: by who trained the layer. */
  readonly divisor?: number;
}

/**
 * q. Unless cohorts are drawn in secret every client counts as one of each: who is drawn is then no secret that lasts, so
 * that no amplification by sampling is claimed.
 */
const samplingOf = ({ sampling }: Pick<ClientPrivacy, 'sampling'>): number => sampling ?? 1;

/** Members of a cohort that is drawn in secret, on average; 1 at the least, so that no sum is made larger. */
export const expectedCohort = (sampling: number, ready: number): number => Math.max(1, sampling * ready);

/**
 * Noise of a choice over that of a model, and of the number by which a clip follows: a run of which every round has one
 * of the two has 2 % more noise on its models.
 */
const besideRatio = 5;

/** Of the first `rounds` committed rounds, how many choose layers by scores, at most. */
export function choicesIn({ strategy, selection, local }: RunConfig, rounds: number): number {
  if (createStrategy(strategy).needs === 'nothing') return 0;
  return Math.ceil(Math.max(0, rounds - local.head.warmUp.rounds) / selection.every);
}

/** z of a round's model. Throws `bad-config` where no noise keeps the run within its epsilon. */
export function modelNoise(config: RunConfig, privacy: NoisedPrivacy): number {
  if (privacy.kind === 'distributed') return distributedNoise(config, privacy);
  const { rounds } = config;
  const { noise, epsilon, delta } = privacy;
  if (noise !== null) return noise;
  const beside = choicesIn(config, rounds) + clipSharesIn({ privacy }, rounds);
  // Of one and the same cohort divergences add up as 1 / z^2 do; a run that draws in secret has the accuracy alone beside.
  const sampling = samplingOf(privacy);
  const others = beside / besideRatio ** 2 / rounds + accuracyPart(privacy);
  return leastNoise({ epsilon, delta, rounds, sampling }) * Math.sqrt(1 + others);
}

/** What a round's accuracy spends over what its model does, as divergences count: (z of the model / its own)^2. */
function accuracyPart({ figures }: Pick<ClientPrivacy, 'figures'>): number {
  return figures.kind === 'noised' ? figures.share / (1 - figures.share) : 0;
}

/** z of a round's published accuracy; null where none is published with noise. */
export function accuracyNoise(config: RunConfig, privacy: NoisedPrivacy): number | null {
  if (privacy.kind !== 'client' || privacy.figures.kind !== 'noised') return null;
  return modelNoise(config, privacy) / Math.sqrt(accuracyPart(privacy));
}

/** The newest answers of {@link noiseFor}: each step of each round asks the same. */
const known = new Map<string, number>();
const mostKnown = 50;

function leastNoise(target: PrivacyTarget): number {
  const key = Object.values(target).join();
  const noise = known.get(key) ?? noiseFor(target);
  known.delete(key);
  known.set(key, noise);
  for (const oldest of known.keys()) {
    if (known.size <= mostKnown) break;
    known.delete(oldest);
  }
  return noise;
}

/** z of a choice by scores. */
export const choiceNoise = (config: RunConfig, privacy: NoisedPrivacy): number =>
  besideRatio * modelNoise(config, privacy);

/** z of the number of updates that were shorter than the clip. */
export const clipShareNoise = choiceNoise;

/** In how many of `rounds` the clip looks at the updates. */
export const clipSharesIn = ({ privacy }: Pick<RunConfig, 'privacy'>, rounds: number): number =>
  privacy.kind === 'client' && privacy.quantile !== null ? rounds : 0;

/** Never a model without noise because of a record that is missing. */
function begunOr(round: RoundPrivacy | null): RoundPrivacy {
  if (round === null) throw new Error('A round under differential privacy has begun without a clip.');
  return round;
}

/** What a round's model is noised with; null without differential privacy. */
export function modelNoiseOf(config: RunConfig, round: RoundPrivacy | null): ModelNoise | null {
  const { privacy } = config;
  // of a sealed run the sums are noised before they are
  if (privacy.kind !== 'client') return null;
  const { clip, sample } = begunOr(round);
  const noise = { noise: modelNoise(config, privacy), clip };
  if (privacy.sampling === null) return noise;
  if (sample === undefined)
    throw new Error('A cohort was drawn in secret, and what sums are divided by is not known.');
  return { ...noise, divisor: sample.expected };
}

/** Layers that are noised whoever trained them, the head among them by `head`; none but where cohorts are drawn in secret. */
export const noisedAnyway = (round: RoundPrivacy | null, head: readonly string[]): string[] =>
  round?.sample === undefined ? [] : [...round.sample.layers, ...head];

/** Epsilon of releases with these noises together, each of a cohort of its own where that is drawn in secret. */
export function spentBy(config: RunConfig, privacy: NoisedPrivacy, noises: readonly number[]): number {
  if (privacy.kind === 'distributed') return distributedEpsilon(config, privacy, noises.length);
  const sampling = samplingOf(privacy);
  const alike = new Map<number, number>();
  for (const noise of noises) alike.set(noise, (alike.get(noise) ?? 0) + 1);
  const composed = [...alike].map(([noise, rounds]) => ({ sampling, noise, rounds }));
  return epsilonOf(composed, privacy.delta).epsilon;
}

type Released = Omit<RoundPrivacy, 'epsilon'>;

function noisesOf(privacy: NoisedPrivacy, released: readonly Released[]): number[] {
  return released.flatMap(({ choice, model }) => {
    const noises = [choice?.noise, model?.noise, model?.share?.noise, model?.accuracy?.noise];
    return ofOneCohort(
      privacy,
      noises.filter((noise) => noise !== undefined),
    );
  });
}

/**
 * Releases of one cohort. Where it is drawn in secret it was drawn once for all of them: they are one release, of the noise that
 * says as much as they do together, since by several one could tell the draw.
 */
export function ofOneCohort(privacy: NoisedPrivacy, noises: readonly number[]): readonly number[] {
  if (privacy.kind !== 'client' || privacy.sampling === null || noises.length < 2) return noises;
  return [1 / Math.sqrt(noises.reduce((sum, noise) => sum + noise ** -2, 0))];
}

/** A round's own releases, and what the run has spent with them. @param before those of the other rounds. */
export function accounted(
  config: RunConfig,
  privacy: NoisedPrivacy,
  before: readonly RoundPrivacy[],
  own: Released,
): RoundPrivacy {
  return { ...own, epsilon: spentBy(config, privacy, noisesOf(privacy, [...before, own])) };
}

/**
 * What a round has released once its model is sent, or, of a sealed round, once its sums may be opened; null without differential
 * privacy.
 */
export function withModel(
  config: RunConfig,
  before: readonly RoundPrivacy[],
  own: RoundPrivacy | null,
  share: NonNullable<RoundPrivacy['model']>['share'],
): RoundPrivacy | null {
  const { privacy } = config;
  if (!protectsClients(privacy)) return null;
  return accounted(config, privacy, before, {
    ...begunOr(own),
    model: { noise: modelNoise(config, privacy), share, ...accuracyToCome(config, privacy) },
  });
}

/** It is counted as the model is sent to be tried, whether it is published in the end or not. */
function accuracyToCome(
  config: RunConfig,
  privacy: NoisedPrivacy,
): Pick<NonNullable<RoundPrivacy['model']>, 'accuracy'> {
  const noise = accuracyNoise(config, privacy);
  return noise === null ? {} : { accuracy: { noise, divisor: null, value: null } };
}

/** Why no further round may open, in words for everybody; null where one may. @param chooses whether it would ask for scores. */
export function budgetSpent(
  config: RunConfig,
  released: readonly RoundPrivacy[],
  chooses: boolean,
): string | null {
  const { privacy } = config;
  if (!protectsClients(privacy)) return null;
  const choice = chooses ? { noise: choiceNoise(config, privacy), shares: {} } : null;
  const follows = privacy.kind === 'client' && privacy.quantile !== null;
  const share = !follows ? null : { noise: clipShareNoise(config, privacy), value: 0 };
  const model = { noise: modelNoise(config, privacy), share, ...accuracyToCome(config, privacy) };
  const next = accounted(config, privacy, released, { clip: privacy.clip, choice, model });
  const { epsilon: target } = privacy;
  // To the target itself it may come; the last digits are of the sum's rounding.
  if (next.epsilon <= target * (1 + 1e-9)) return null;
  const spent = released.at(-1)?.epsilon ?? 0;
  return `The privacy budget is spent: an epsilon of ${spent.toFixed(2)} of ${target}, and another round would come to ${next.epsilon.toFixed(2)}.`;
}
