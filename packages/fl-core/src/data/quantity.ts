import { random } from '../random.ts';
import { checkParts, dirichlet, fillUp } from './dirichlet.ts';

/**
 * Shards that are alike in their samples and differ in how many they have: shares of the whole drawn from a symmetric
 * Dirichlet(alpha) ("quantity skew" of NIID-Bench, Li et al., arXiv 2102.02079, 4.1), samples by lot. Every index is in
 * exactly one part, ascending; each part has at least `minimum`, moved over from the largest where it drew fewer.
 *
 * @param alpha concentration, > 0; `Infinity`: equal shares (IID).
 * @throws StrataError `bad-request` when `count` samples cannot fill the parts.
 */
export function partitionByQuantity(
  count: number,
  parts: number,
  alpha: number,
  seed: number,
  minimum = 1,
): number[][] {
  checkParts(count, parts, minimum);
  const rng = random(seed, 'quantity');
  const shares =
    alpha === Number.POSITIVE_INFINITY
      ? new Array<number>(parts).fill(1 / parts)
      : dirichlet(parts, alpha, rng);
  const shuffled = rng.shuffle([...Array(count).keys()]);
  let share = 0;
  let from = 0;
  const out = shares.map((p, part) => {
    share += p;
    const to = part === parts - 1 ? count : Math.round(share * count);
    const own = shuffled.slice(from, to);
    from = to;
    return own;
  });
  fillUp(out, minimum, rng);
  return out.map((part) => part.sort((a, b) => a - b));
}
