/** Greatest weight of a participant in a sealed sum: the error of a number of samples is at most 1 in 128. */
export const mostWeight = 64;

/**
 * A number of samples as a small whole number: its share of what counts at most, in 64ths, 1 at the least.
 * @param samples 0 or more.
 * @param counted samples that count at most, 1 or more; the same for all participants.
 */
export const weightOf = (samples: number, counted: number): number =>
  Math.max(1, Math.round((mostWeight * Math.min(samples, counted)) / counted));
