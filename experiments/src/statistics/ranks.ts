/** Ranks from 1, those of equal values their mean, (N). */
export function ranksOf(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((a, b) => values[a]! - values[b]!);
  const ranks = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to += 1;
    for (let k = from; k < to; k++) ranks[order[k]!] = (from + to + 1) / 2;
    from = to;
  }
  return ranks;
}

/**
 * Spearman's rank correlation, in [-1, 1]: Pearson's of the ranks, so that ties count as in SciPy's `spearmanr`. Null
 * where one side is all alike, which says nothing about the order of the other.
 * @throws RangeError for lists of different lengths.
 */
export function spearman(a: readonly number[], b: readonly number[]): number | null {
  requirePairs(a, b);
  const [x, y] = [centred(ranksOf(a)), centred(ranksOf(b))];
  const scale = Math.sqrt(dot(x, x) * dot(y, y));
  return scale === 0 ? null : dot(x, y) / scale;
}

/** Kendall's tau-b, in [-1, 1], as SciPy's `kendalltau`; null where one side is all alike. @throws RangeError as above. */
export function kendall(a: readonly number[], b: readonly number[]): number | null {
  requirePairs(a, b);
  let [agreeing, differentA, differentB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < i; j++) {
      const [x, y] = [Math.sign(a[i]! - a[j]!), Math.sign(b[i]! - b[j]!)];
      agreeing += x * y;
      differentA += x * x;
      differentB += y * y;
    }
  }
  const scale = Math.sqrt(differentA * differentB);
  return scale === 0 ? null : agreeing / scale;
}

function requirePairs(a: readonly number[], b: readonly number[]): void {
  if (a.length !== b.length) throw new RangeError(`${a.length} and ${b.length} values are no pairs`);
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0);

function centred(values: readonly number[]): number[] {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return values.map((v) => v - mean);
}
