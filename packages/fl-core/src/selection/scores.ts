import { lowerMedian } from '../median.ts';
import type { ClientInput } from './strategy.ts';

/** `raw`: as the clients measured them; `share`: see {@link scoreShares}. */
export type ScoreScale = 'share' | 'raw';

/** Scores as strategies weigh them: one row a client, null for one that brought none. */
export const scaledScores = (
  scale: ScoreScale,
  scores: readonly (readonly number[] | null)[],
): readonly (readonly number[] | null)[] => (scale === 'raw' ? scores : scoreShares(scores));

/**
 * Scores by which no client has more of a say than the others, whatever numbers it brings: its own preferences, with a
 * weight that the cohort sets. Each client's are divided by their sum; where the largest share of a client exceeds the
 * lower median of the clients' largest shares, all of its own are scaled down until it does not. Its order of layers,
 * and their ratios, stay. A client whose scores are all zero prefers nothing.
 */
export function scoreShares(scores: readonly (readonly number[] | null)[]): (number[] | null)[] {
  const shares = scores.map((row) => {
    if (row === null) return null;
    const top = Math.max(...row);
    if (!(top > 0)) return [...row];
    const parts = row.map((s) => s / top); // first, since the sum may exceed what a number holds
    const total = parts.reduce((a, b) => a + b, 0);
    return parts.map((s) => s / total);
  });
  const tops = shares.flatMap((row) => (row ? [Math.max(...row)] : []));
  const most = lowerMedian(tops.filter((t) => t > 0));
  if (most === null) return shares;
  return shares.map((row) => {
    if (row === null) return null;
    const scale = Math.min(1, most / Math.max(...row));
    return Number.isFinite(scale) ? row.map((s) => s * scale) : row;
  });
}

/**
 * Scores of every client, (N, L). A client that brought none (it joined late, or its probe was lost) gets the
 * sample-weighted mean of the others: the best guess before anything is known of it. When nobody brought any,
 * all layers count the same.
 */
export function completeScores(clients: readonly ClientInput[], layers: number): number[][] {
  const mean = meanScores(clients, layers) ?? new Array<number>(layers).fill(1);
  return clients.map((c) => (c.scores ? [...c.scores] : [...mean]));
}

/**
 * Mean score of each layer over the clients that brought scores, weighted by samples (equally when no client
 * has any); null when nobody brought scores.
 */
export function meanScores(clients: readonly ClientInput[], layers: number): number[] | null {
  const scored = clients.filter((c) => c.scores !== null);
  if (scored.length === 0) return null;
  const total = scored.reduce((sum, c) => sum + c.samples, 0);
  const mean = new Array<number>(layers).fill(0);
  for (const c of scored) {
    const weight = total > 0 ? c.samples / total : 1 / scored.length;
    c.scores?.forEach((s, l) => {
      mean[l]! += weight * s;
    });
  }
  return mean;
}

/** Mean over clients and layers, the unit of a relative lambda; 0 when there are none. */
export function meanOf(scores: readonly (readonly number[])[]): number {
  const all = scores.flat();
  return all.length === 0 ? 0 : all.reduce((a, b) => a + b, 0) / all.length;
}
