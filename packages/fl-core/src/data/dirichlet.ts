import { logGamma } from '../gamma.ts';
import { StrataError } from '../protocol/errors.ts';
import { type Random, random } from '../random.ts';
import { indicesByClass } from './class-counts.ts';

/** Draws before too small parts are filled up from the largest instead. */
const maximumDraws = 20;

/**
 * Label-skewed shards: for every class the shares of the parts are drawn from a symmetric Dirichlet(alpha).
 * This is the form in which the partition of Hsu, Qi, Brown (arXiv 1909.06335) is used since Yurochkin et al.
 * (arXiv 1905.12022) and NIID-Bench: small alpha, few classes a part; large alpha, all parts alike.
 *
 * Every index is in exactly one part, ascending. Each part has at least `minimum` samples: the partition is
 * drawn again until it is so, and after 20 draws samples are moved over from the largest parts.
 *
 * @param labels class indices, (N).
 * @param alpha concentration, > 0; 0.5 is the usual choice.
 * @param minimum samples a part; default min(10, half of the mean part), at least 1.
 * @throws StrataError `bad-request` when N samples cannot fill the parts, or alpha is not positive.
 */
export function partitionDirichlet(
  labels: ArrayLike<number>,
  parts: number,
  alpha: number,
  seed: number,
  minimum: number = Math.max(1, Math.min(10, Math.floor(labels.length / parts / 2))),
): number[][] {
  checkParts(labels.length, parts, minimum);
  if (!(alpha > 0 && Number.isFinite(alpha))) {
    throw new StrataError('bad-request', `Dirichlet alpha ${alpha} is not positive`, 'Use a value like 0.5.');
  }
  const rng = random(seed, 'dirichlet');
  const classes = [...indicesByClass(labels).values()];
  let drawn = drawPartition(classes, parts, alpha, rng);
  for (let draw = 1; draw < maximumDraws && smallest(drawn) < minimum; draw++) {
    drawn = drawPartition(classes, parts, alpha, rng);
  }
  fillUp(drawn, minimum, rng);
  return drawn.map((part) => part.sort((a, b) => a - b));
}

/** @throws StrataError `bad-request` when `count` samples cannot give each of `parts` parts `minimum` samples. */
export function checkParts(count: number, parts: number, minimum: number): void {
  if (Number.isInteger(parts) && parts >= 1 && minimum >= 1 && parts * minimum <= count) return;
  throw new StrataError(
    'bad-request',
    `${count} samples cannot be split into ${parts} parts of at least ${minimum}`,
    'Use fewer parts or more samples.',
  );
}

const smallest = (parts: readonly number[][]): number =>
  parts.reduce((n, p) => Math.min(n, p.length), Infinity);

function drawPartition(classes: readonly number[][], parts: number, alpha: number, rng: Random): number[][] {
  const out = Array.from({ length: parts }, (): number[] => []);
  for (const members of classes) {
    const shuffled = rng.shuffle(members);
    let share = 0;
    let from = 0;
    dirichlet(parts, alpha, rng).forEach((p, part) => {
      share += p;
      // The last cut is exact, whatever rounding did to the sum of the shares.
      const to = part === parts - 1 ? shuffled.length : Math.round(share * shuffled.length);
      out[part]!.push(...shuffled.slice(from, to));
      from = to;
    });
  }
  return out;
}

/** Moves random samples from the largest part to each part below `minimum`. */
export function fillUp(parts: number[][], minimum: number, rng: Random): void {
  for (const part of parts) {
    while (part.length < minimum) {
      const largest = parts.reduce((a, b) => (b.length > a.length ? b : a));
      part.push(...largest.splice(rng.below(largest.length), 1));
    }
  }
}

/** A draw from the symmetric Dirichlet distribution: `size` shares that sum to 1. */
export function dirichlet(size: number, alpha: number, rng: Random): number[] {
  const logs = Array.from({ length: size }, () => logGamma(alpha, rng));
  // Relative to the largest: with small alpha every Gamma draw can be below the smallest double.
  const top = logs.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = logs.map((log) => Math.exp(log - top));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((w) => w / sum);
}
