/** The middle value, of an even number the mean of the two in the middle; null of none. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? null : low + (high - low) / 2;
}

/**
 * The middle value, of an even number the lower of the two in the middle; null of none. For bounds: as long as at
 * most half of the values are made up, it is no larger than the largest of the others.
 */
export const lowerMedian = (values: readonly number[]): number | null =>
  values.toSorted((a, b) => a - b)[(values.length - 1) >> 1] ?? null;
