import { random } from '../random.ts';
import { indicesByClass } from './class-counts.ts';
import { checkParts } from './dirichlet.ts';

/**
 * Feature-shifted shards: a domain (a drawing style, a camera) belongs to as few parts as possible.
 *
 * With as many parts as domains each part gets one; with fewer, domain d goes to part d mod parts; with more,
 * part i shares domain i mod domains with the parts congruent to it, in equal random portions. Every index is
 * in exactly one part, ascending.
 *
 * @param domains domain index of each sample, (N).
 * @throws StrataError `bad-request` when a domain has fewer samples than parts that share it.
 */
export function partitionByDomain(domains: ArrayLike<number>, parts: number, seed: number): number[][] {
  checkParts(domains.length, parts, 1);
  const rng = random(seed, 'domain');
  const out = Array.from({ length: parts }, (): number[] => []);
  const groups = [...indicesByClass(domains).values()];
  groups.forEach((members, d) => {
    const owners = parts <= groups.length ? [d % parts] : congruent(d, groups.length, parts);
    checkParts(members.length, owners.length, 1);
    rng.shuffle(members).forEach((sample, k) => {
      out[owners[k % owners.length]!]!.push(sample);
    });
  });
  return out.map((part) => part.sort((a, b) => a - b));
}

/** Numbers below `end` that leave `rest` when divided by `step`. */
function congruent(rest: number, step: number, end: number): number[] {
  return Array.from({ length: Math.ceil((end - rest) / step) }, (_, k) => rest + k * step);
}
