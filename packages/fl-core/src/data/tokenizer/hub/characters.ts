import { packed } from './character-sets.ts';

/** First and last code point of each run of a set; a set is packed as steps and lengths in base 36. */
export function runsOf(set: string): (readonly [number, number])[] {
  const numbers = set.split(' ').map((n) => Number.parseInt(n, 36));
  const runs: [number, number][] = [];
  let at = 0;
  for (let i = 0; i < numbers.length; i += 2) {
    const first = at + numbers[i]!;
    at = first + numbers[i + 1]!;
    runs.push([first, at]);
  }
  return runs;
}

const code = (n: number): string => `\\u{${n.toString(16)}}`;

/** Text of a set for a regular expression with the flag `u`, without its brackets. */
const classOf = (set: string): string =>
  runsOf(set)
    .map(([first, last]) => (first === last ? code(first) : `${code(first)}-${code(last)}`))
    .join('');

const expression = (set: string): RegExp => new RegExp(`[${classOf(set)}]`, 'gu');

/**
 * Sets of characters that Rust's tables have, and JavaScript's regular expressions, which follow a newer Unicode, do not:
 * what BERT takes for a control character, for an accent and for punctuation, what is a mark, and what had no decomposition
 * yet. The last two are written in a group, so that `split` keeps them.
 */
export const characters = {
  control: expression(packed.control),
  nonspacing: expression(packed.nonspacing),
  mark: expression(packed.mark),
  punctuation: expression(packed.punctuation),
  newlyDecomposed: new RegExp(`([${classOf(packed.newlyDecomposed)}])`, 'u'),
  newlyCompatible: new RegExp(`([${classOf(packed.newlyCompatible)}])`, 'u'),
} as const;
