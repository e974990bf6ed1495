/** Smoothed scores of every client seen, plain JSON that the caller persists with the round. */
export type ScoreBook = Readonly<Record<string, SmoothedScores>>;

export interface SmoothedScores {
  /** In the order of the run's selectable layers. */
  readonly scores: readonly number[];
  /** Round in which the client was probed last. */
  readonly round: number;
}

export interface SmoothingOptions {
  /** Share of the new scores in the mean, in (0, 1]; 1 keeps the newest only. */
  readonly rate: number;
  /** Clients kept at most; those probed longest ago are forgotten first. Default 10,000. */
  readonly limit?: number;
}

/**
 * Exponential moving average of each client's scores over the rounds in which it was probed. Clients that were not
 * sampled keep their last mean, so that a strategy can still ask for it.
 * @param fresh this round's scores by client.
 */
export function smoothScores(
  book: ScoreBook,
  fresh: Readonly<Record<string, readonly number[]>>,
  round: number,
  { rate, limit = 10_000 }: SmoothingOptions,
): ScoreBook {
  const merged = new Map(Object.entries(book));
  for (const [client, scores] of Object.entries(fresh)) {
    const before = merged.get(client)?.scores;
    const known = before?.length === scores.length ? before : scores;
    merged.set(client, { scores: scores.map((s, l) => rate * s + (1 - rate) * known[l]!), round });
  }
  const newestFirst = [...merged].sort(([a, x], [b, y]) => y.round - x.round || (a < b ? -1 : 1));
  return Object.fromEntries(newestFirst.slice(0, limit));
}
