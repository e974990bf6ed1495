/**
 * How large a value of a layer may be, adapted from round to round: public, and fixed before anybody trains. Our own
 * rule: what is clamped is seen as a count over all participants, and nothing else.
 */
export interface Clip {
  /** Above 0. */
  readonly value: number;
  /** Committed rounds in a row in which nothing was clamped. */
  readonly calm: number;
}

/** Before anything is known of a layer. */
export const firstClip: Clip = { value: 0.1, calm: 0 };

/** Share of values that may be clamped before there is more room. */
const tolerated = 0.001;
const patience = 5;

/**
 * The clip of the next round: twice as wide when more than a thousandth was clamped, half as wide after five rounds
 * in which nothing was; never narrower than four times the largest change that was just made.
 * @param clamped values that were clamped, of all participants together.
 * @param values how many there were.
 * @param largest absolute value of the change that the round made of the layer.
 */
export function nextClip(clip: Clip, clamped: number, values: number, largest: number): Clip {
  if (clamped > tolerated * values) return { value: 2 * clip.value, calm: 0 };
  if (clamped > 0) return { value: clip.value, calm: 0 };
  const calm = clip.calm + 1;
  if (calm < patience) return { value: clip.value, calm };
  const half = clip.value / 2;
  return { value: half >= 4 * largest && half > 1e-12 ? half : clip.value, calm: 0 };
}
