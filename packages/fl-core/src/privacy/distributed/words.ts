import { StrataError } from '../../error.ts';
import { clipScale, Length } from '../clip.ts';
import { skellam } from '../noise/skellam.ts';
import type { RandomWords } from '../noise/words.ts';
import type { NoiseGrid } from './grid.ts';

/** A participant's own part: its update clipped as a whole, rounded and noised, before anybody else has seen it. */

/**
 * An update as whole numbers with this participant's part of the noise.
 * @param layers values of each, finite; not changed.
 * @param clip S, the longest that all of them together may be, in L2; longer ones are scaled down.
 * @throws `non-finite`
 */
export function noisedWords(
  layers: ReadonlyMap<string, Float32Array>,
  clip: number,
  grid: NoiseGrid,
  words: RandomWords,
): ReadonlyMap<string, Int32Array<ArrayBuffer>> {
  const rounded = roundedWithin(layers, clip, grid, words);
  const draw = skellam(words, grid.bits);
  for (const values of rounded.values()) for (let k = 0; k < values.length; k++) values[k]! += draw();
  return rounded;
}

/** After so many attempts, of which each is enough in two of five cases, values are rounded towards zero. */
const attempts = 64;

/**
 * The clipped update on the grid, up or down by chance, so that the mean of many is the value; but no longer than
 * `grid.l2` in L2, whatever chance says: it is rounded again then. The bound that the accountant goes by therefore always holds.
 * @throws `non-finite`
 */
export function roundedWithin(
  layers: ReadonlyMap<string, Float32Array>,
  clip: number,
  { scale, l2 }: NoiseGrid,
  words: RandomWords,
): ReadonlyMap<string, Int32Array<ArrayBuffer>> {
  const length = new Length();
  for (const [layer, values] of layers) {
    checkFinite(layer, values);
    length.add(values);
  }
  const steps = scale * clipScale(length.value, clip);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const { rounded, squares } = roundedBy(layers, (value) =>
      Math.floor(value * steps + words.next() / 2 ** 32),
    );
    if (squares <= l2 * l2) return rounded;
  }
  return roundedBy(layers, (value) => Math.trunc(value * steps)).rounded;
}

function roundedBy(layers: ReadonlyMap<string, Float32Array>, round: (value: number) => number) {
  let squares = 0;
  const rounded = new Map<string, Int32Array<ArrayBuffer>>();
  for (const [layer, values] of layers) {
    const whole = new Int32Array(values.length);
    for (let k = 0; k < values.length; k++) {
      const word = round(values[k]!);
      whole[k] = word;
      squares += word * word;
    }
    rounded.set(layer, whole);
  }
  return { rounded, squares };
}

function checkFinite(layer: string, values: Float32Array): void {
  for (const value of values) {
    if (Number.isFinite(value)) continue;
    throw new StrataError(
      'non-finite',
      `A change of ${layer} that was to be sealed is ${value}.`,
      'Train again with a smaller learning rate.',
    );
  }
}
