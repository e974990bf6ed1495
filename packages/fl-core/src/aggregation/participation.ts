import { z } from 'zod';
import type { Contribution } from './weights.ts';

/**
 * How far a layer moves that only a part of the cohort trained. With rho the share of the cohort's weight behind a layer,
 * the rate of the server's optimizer is multiplied, for this layer in this round, by
 * - `none`: 1. The layer moves as if those who trained it were the whole cohort.
 * - `share`: rho. Who did not train it counts as one who left it as it was: the weights are over the whole cohort.
 * - `harmonic`: 2 rho / (1 + rho), between the two.
 *
 * Of a step r times the mean of those who trained, the error beside the cohort's full gradient is at most
 * twice (r - 1)^2 G + (r^2 / rho - 2 r + 1) K, with G the squared norm of the mean gradient and K how far the clients' lie apart
 * (the chi-square term of Theorem 1 of Sun et al., arXiv 2408.15600, with weights that add up to r). It is least at
 * r = (G + K) / (G + K / rho): 1 for clients that are alike, rho for clients with nothing in common, and `harmonic` where
 * both are taken as equally large, as the diagnostics do.
 */
export const participations = ['none', 'share', 'harmonic'] as const;
export const Participation = z.enum(participations);
export type Participation = z.infer<typeof Participation>;

/** Factor of the server's learning rate, in (0, 1]. @param share rho, in (0, 1]. */
export function participationRate(participation: Participation, share: number): number {
  switch (participation) {
    case 'none':
      return 1;
    case 'share':
      return share;
    case 'harmonic':
      return (2 * share) / (1 + share);
    default:
      return participation satisfies never;
  }
}

/** rho: samples behind a layer over those of all updates that count, in [0, 1]; 0 where there are none. */
export function shareBehind(
  updates: readonly Pick<Contribution, 'samples' | 'layers'>[],
  layer: string,
): number {
  const total = updates.reduce((sum, u) => sum + u.samples, 0);
  const behind = updates.reduce((sum, u) => sum + (u.layers.includes(layer) ? u.samples : 0), 0);
  return total === 0 ? 0 : behind / total;
}
