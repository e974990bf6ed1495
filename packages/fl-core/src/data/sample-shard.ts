import { partitionDirichlet } from './dirichlet.ts';
import { partitionByDomain } from './domain.ts';
import { pickRaw, type RawSamples } from './raw-samples.ts';

/** The usual label skew of federated experiments. */
export const defaultAlpha = 0.5;

/**
 * Part `index` of `of` of a built-in sample, the same for everybody with the same seed: by domain where the
 * samples have one (a drawing style a client; styles are split further when clients are more), otherwise with
 * classes skewed by Dirichlet(alpha). The parts of one seed are disjoint and together the whole.
 *
 * A run with fewer classes is served by `sampleShard(withClasses(raw, labels), ...)`, in this order: the other way
 * round a shard may have none of the run's classes.
 *
 * @throws RangeError for an index outside [0, of); StrataError `bad-request` when the samples are too few.
 */
export function sampleShard<S extends RawSamples>(
  raw: S,
  index: number,
  of: number,
  seed: number,
  alpha: number = defaultAlpha,
): S {
  const parts = raw.domains
    ? partitionByDomain(raw.domains, of, seed)
    : partitionDirichlet(raw.labels, of, alpha, seed);
  const part = parts[index];
  if (part === undefined) throw new RangeError(`shard ${index} of ${of}`);
  return pickRaw(raw, part);
}
