import { random } from '../random.ts';
import { allIndices, indicesByClass } from './class-counts.ts';
import { type Dataset, viewOf } from './datasets/index.ts';
import { subset } from './datasets/subset.ts';

export interface HoldOutSplit<D extends Dataset> {
  readonly training: D;
  /** Never trained on; what accuracy is measured on. */
  readonly heldOut: D;
}

/**
 * Splits local data into a training and a held-out part.
 *
 * Data with a split of its own (`dataset.heldOut`) keeps it, so that what is one object in several shapes (an
 * emoji in three styles) is never trained on by one client and tested by another. When that leaves either
 * part empty, and for all other data, the split is drawn: stratified, a pure function of the data and `seed`.
 *
 * Of N samples round(share * N) are held out, but at least one where any class has two. Class c with n_c
 * samples gives floor(share * n_c) or one more, never its last sample: a class of one sample is trained on. A
 * sample of several classes counts for its rarest.
 *
 * @param share in (0, 1).
 * @throws RangeError for another share.
 */
export function splitHoldOut<D extends Dataset>(dataset: D, share: number, seed: number): HoldOutSplit<D> {
  if (!(share > 0 && share < 1)) throw new RangeError(`the held-out share ${share} is not in (0, 1)`);
  return split(dataset, givenSplit(dataset) ?? drawSplit(dataset, share, seed));
}

/** Data with a split of its own as {@link splitHoldOut}; of all other data nothing is held out. */
export const givenHoldOut = <D extends Dataset>(dataset: D): HoldOutSplit<D> =>
  split(dataset, givenSplit(dataset) ?? new Set());

function split<D extends Dataset>(dataset: D, held: ReadonlySet<number>): HoldOutSplit<D> {
  const indices = allIndices(dataset);
  return {
    training: subset(
      dataset,
      indices.filter((i) => !held.has(i)),
    ),
    heldOut: subset(
      dataset,
      indices.filter((i) => held.has(i)),
    ),
  };
}

function givenSplit({ heldOut }: Dataset): Set<number> | undefined {
  if (!heldOut) return undefined;
  const held = new Set<number>();
  heldOut.forEach((flag, i) => {
    if (flag === 1) held.add(i);
  });
  return held.size > 0 && held.size < heldOut.length ? held : undefined;
}

function drawSplit(dataset: Dataset, share: number, seed: number): Set<number> {
  const rng = random(seed, 'hold-out');
  const strata = viewOf(dataset).strata();
  const classes = rng.shuffle([...indicesByClass(strata).values()]).map((members) => ({
    members,
    quota: Math.floor(share * members.length),
    rest: (share * members.length) % 1,
  }));
  const total = Math.max(1, Math.round(share * strata.length));
  let missing = total - classes.reduce((n, c) => n + c.quota, 0);
  // Largest remainder: the classes that rounding down hurt most give one more; ties fall as shuffled.
  for (const c of [...classes].sort((a, b) => b.rest - a.rest)) {
    if (missing <= 0) break;
    if (c.quota + 1 < c.members.length) {
      c.quota += 1;
      missing -= 1;
    }
  }
  return new Set(classes.flatMap((c) => rng.shuffle(c.members).slice(0, c.quota)));
}
