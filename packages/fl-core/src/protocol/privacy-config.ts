import { z } from 'zod';
import type { AggregationConfig } from './aggregation-config.ts';
import type { LocalConfig } from './local-config.ts';

/**
 * Of a run under differential privacy of clients, what anybody is told of how its models do on data that participants hold
 * out. `withheld`: nothing, and nothing is asked for. `noised`: the mean accuracy of a round, each participant alike, with
 * noise that counts in epsilon beside the models'; of a single participant nothing is kept. `reported`: losses, accuracies and
 * scores as each participant reports them, which epsilon does not cover.
 */
const Figures = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('withheld') }),
  z.strictObject({
    kind: z.literal('noised'),
    /** Of what a round's model and accuracy spend together, as divergences count, the part of the accuracy. */
    share: z.number().min(0.01).max(0.5).default(0.1),
  }),
  z.strictObject({ kind: z.literal('reported') }),
]);

/**
 * What may be told of one client, or of one sample, at most. `none`: whatever the updates bring. `client`: (epsilon, delta)-
 * differential privacy of all models of the run together towards one client, whose part in them is an update of zeros in the
 * one case and its own in the other ("zero-out"; docs/differential-privacy.md). The server is trusted: it clips and noises.
 * `sample`: what each client sends over the whole run is (epsilon, delta)-differentially private towards each of its own
 * samples, whose gradients are zeros in the one case and their own in the other, whoever sees it: clients clip and noise
 * by themselves, and bound by themselves what they have spent.
 * `distributed`: the same towards whoever gets the models and towards the server, too: of a sealed run, in which participants
 * clip and noise themselves, so that nobody sees a sum without noise.
 */
export const PrivacyConfig = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({
    kind: z.literal('client'),
    /** Of the whole run; it stops before the round that would pass it. */
    epsilon: z.number().min(0.01).max(100),
    delta: z.number().gt(0).max(0.1),
    /** S, at first: the longest a client's whole update may be, over all its layers, in L2; a longer one is scaled down. */
    clip: z.number().positive().max(1e6),
    /** Share of updates that are to be shorter than the clip, which then follows them from round to round; null: it stays. */
    quantile: z.number().min(0.1).max(0.9).nullable().default(null),
    /**
     * z, the noise's standard deviation on each value of a sum of updates, over `clip`. Null: the least with which all
     * rounds of the run stay within epsilon.
     */
    noise: z.number().min(0.05).max(1e6).nullable().default(null),
    /**
     * q: whoever is ready takes part in a round with this probability, drawn in secret and apart from all others (Poisson),
     * so that a round tells less of each. Null: cohorts are drawn as in any run, and everybody counts as one of each.
     */
    sampling: z.number().min(0.001).max(0.9).nullable().default(null),
    figures: Figures.default({ kind: 'withheld' }),
  }),
  z.strictObject({
    kind: z.literal('sample'),
    /** Of all that a client sends in the run; it takes part no more before it would pass it. */
    epsilon: z.number().min(0.01).max(100),
    delta: z.number().gt(0).max(0.1),
    /** C: the longest that one sample's gradient may be, over all trained layers together, in L2; a longer one is scaled down. */
    clip: z.number().positive().max(1e6),
    /**
     * z, the noise's standard deviation on each value of a sum of gradients, over `clip`. Null: the least with which all
     * rounds of the run stay within epsilon, for a client of so many samples.
     */
    noise: z.number().min(0.05).max(1e6).nullable().default(null),
  }),
  z.strictObject({
    kind: z.literal('distributed'),
    /** Of the whole run; it stops before the round that would pass it. */
    epsilon: z.number().min(0.01).max(100),
    delta: z.number().gt(0).max(0.1),
    /** S: the longest a client's whole update may be, over all its layers, in L2; it scales a longer one down itself. */
    clip: z.number().positive().max(1e6),
    /**
     * z, the noise's standard deviation on each value of a sum of the fewest participants that one is opened of, over
     * `clip`. Null: the least with which all rounds of the run stay within epsilon.
     */
    noise: z.number().min(0.05).max(1e6).nullable().default(null),
    /**
     * f: so many participants of a sum may tell the server their part of the noise, or add none, and the promise holds for
     * the others all the same: everybody adds 1 / (atLeast - f) of the noise.
     */
    colluding: z.number().int().min(0).max(9_999).default(0),
  }),
]);
export type PrivacyConfig = z.infer<typeof PrivacyConfig>;
export type ClientPrivacy = Extract<PrivacyConfig, { kind: 'client' }>;
export type SamplePrivacy = Extract<PrivacyConfig, { kind: 'sample' }>;
export type DistributedPrivacy = Extract<PrivacyConfig, { kind: 'distributed' }>;
export type NoisedPrivacy = ClientPrivacy | DistributedPrivacy;
/** Of the kinds that protect a client with all its data, which the server keeps account of. */
export const protectsClients = (privacy: PrivacyConfig): privacy is NoisedPrivacy =>
  privacy.kind === 'client' || privacy.kind === 'distributed';

/**
 * What participants tell in the clear of how models do on their data. `figures`: losses, accuracies and scores; `accuracy`: that
 * alone, which nobody sees before it is noised; `nothing`: in a sealed run they are in sums or stay on the devices, as
 * they do where each sample is protected.
 */
export type Told = 'figures' | 'accuracy' | 'nothing';

interface Telling {
  readonly privacy: PrivacyConfig;
  readonly aggregation: Pick<AggregationConfig, 'sealing'>;
}

export function toldBy({ privacy, aggregation }: Telling): Told {
  if (aggregation.sealing.kind === 'sealed') return 'nothing';
  switch (privacy.kind) {
    case 'none':
      return 'figures';
    case 'client':
      return toldFor[privacy.figures.kind];
    case 'sample':
    case 'distributed':
      return 'nothing';
    default:
      return privacy satisfies never;
  }
}

const toldFor = {
  withheld: 'nothing',
  noised: 'accuracy',
  reported: 'figures',
} as const satisfies Record<ClientPrivacy['figures']['kind'], Told>;

export const tellsFigures = (config: Telling): boolean => toldBy(config) === 'figures';

/** q of a run whose cohorts are drawn in secret; null of all others. */
export const secretSampling = ({ privacy }: { readonly privacy: PrivacyConfig }): number | null =>
  privacy.kind === 'client' ? privacy.sampling : null;

interface PrivateWork {
  readonly rounds: number;
  readonly local: LocalConfig;
}

/** Steps of a client of so many samples in the rounds of a run, each round's epochs as its work says. */
export function privateSteps({ rounds, local }: PrivateWork, samples: number): number {
  const { warmUp } = local.head;
  const warm = Math.min(rounds, warmUp.rounds);
  const epochs = warmUp.kind === 'trained' ? warmUp.epochs : 0;
  return (warm * epochs + (rounds - warm) * local.epochs) * stepsAnEpoch(local, samples);
}

/** As many as batches of so many samples make an epoch, or as its configuration allows. */
export function stepsAnEpoch(
  { batchSize, maxBatches }: Pick<LocalConfig, 'batchSize' | 'maxBatches'>,
  samples: number,
): number {
  const all = Math.ceil(samples / batchSize);
  return maxBatches > 0 ? Math.min(maxBatches, all) : all;
}
