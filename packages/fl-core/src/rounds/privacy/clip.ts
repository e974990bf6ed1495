import { noisedMean } from '../../aggregation/index.ts';
import type { RandomWords } from '../../privacy/index.ts';
import { protectsClients, type RunConfig } from '../../protocol/index.ts';
import type { Member } from '../types.ts';
import { clipShareNoise, type RoundPrivacy } from './spending.ts';

/** How far the clip moves in a round where no update, or every one, was within it: by a factor of exp(0.2) at most. */
const rate = 0.2;

/** An update that was clipped has the clip's length, but for the rounding of float32. */
const within = (length: number, clip: number): boolean => length < clip * (1 - 1e-6);

/** Of the updates that came, how many were shorter than the clip. */
export const unclipped = (cohort: readonly Pick<Member, 'update' | 'updateLength'>[], clip: number): number =>
  cohort.filter(
    ({ update, updateLength }) => update !== null && updateLength !== null && within(updateLength, clip),
  ).length;

/**
 * The clip after a round (Andrew et al., arXiv 1905.03871): `clip exp(-0.2 (share - quantile))`. More updates than wanted
 * were shorter: it falls; fewer: it rises, so that it comes to that quantile of their lengths.
 * @param share of the updates that were shorter, in [0, 1].
 */
export const adaptedClip = (clip: number, share: number, quantile: number): number =>
  clip * Math.exp(-rate * (Math.min(1, Math.max(0, share)) - quantile));

/** S of a run's next round; null without differential privacy. @param before what other rounds have released, oldest first. */
export function clipFor(
  { privacy }: Pick<RunConfig, 'privacy'>,
  before: readonly RoundPrivacy[],
): number | null {
  if (!protectsClients(privacy)) return null;
  if (privacy.kind === 'distributed') return privacy.clip;
  const last = before.findLast((r) => r.model?.share != null);
  if (privacy.quantile === null || last?.model?.share == null) return privacy.clip;
  return adaptedClip(last.clip, last.model.share.value, privacy.quantile);
}

/**
 * Which part of a round's updates was shorter than its clip, with noise: one client changes their number by 1 at most.
 * Null where the clip stays as it is.
 */
export async function noisedShare(
  config: RunConfig,
  round: RoundPrivacy | null,
  cohort: readonly Pick<Member, 'client' | 'update' | 'updateLength'>[],
  words: RandomWords,
): Promise<NonNullable<RoundPrivacy['model']>['share']> {
  const { privacy } = config;
  const trained = cohort.filter((m) => m.update !== null);
  if (privacy.kind !== 'client' || privacy.quantile === null || round === null || trained.length === 0)
    return null;
  const noise = clipShareNoise(config, privacy);
  const updates = trained.map((m) => {
    const bit = Float32Array.of(unclipped([m], round.clip));
    return { client: m.client, samples: 1, length: bit[0]!, read: () => bit };
  });
  let value = 0;
  await noisedMean(
    updates,
    1,
    (_, mean) => {
      value = mean[0]!;
    },
    { clip: 1, noise, words },
  );
  return { noise, value };
}
