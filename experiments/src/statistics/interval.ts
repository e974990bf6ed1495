import jStat from 'jstat';

/** A mean and how far it may be off: the 95 % interval is mean - margin to mean + margin. */
export interface Interval {
  readonly mean: number;
  /** Null for fewer than two values. */
  readonly margin: number | null;
  readonly count: number;
}

/** Mean of independent values with Student's 95 % interval; null for none. */
export function intervalOf(values: readonly number[]): Interval | null {
  const count = values.length;
  if (count === 0) return null;
  const mean = values.reduce((a, b) => a + b, 0) / count;
  if (count < 2) return { mean, margin: null, count };
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (count - 1);
  return { mean, margin: studentT(count - 1) * Math.sqrt(variance / count), count };
}

/**
 * The 0.975 quantile of Student's t: how many standard errors a 95 % interval reaches to each side.
 * @param freedom degrees of freedom, from 1.
 */
export const studentT = (freedom: number): number => jStat.studentt.inv(0.975, freedom);

/** Mean difference of pairs, by key; pairs of which one is missing do not count. Null where there is none. */
export function pairedInterval(
  a: ReadonlyMap<string, number>,
  b: ReadonlyMap<string, number>,
): Interval | null {
  return intervalOf(
    [...a].flatMap(([key, value]) => {
      const other = b.get(key);
      return other === undefined ? [] : [value - other];
    }),
  );
}
