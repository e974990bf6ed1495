import type { ClientInput } from './strategy.ts';

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
