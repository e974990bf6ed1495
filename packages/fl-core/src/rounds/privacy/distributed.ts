import { parameterCount } from '../../models/layouts.ts';
import {
  type DistributedNoise,
  distributedNoiseFor,
  largestSum,
  leastSkellamBits,
  mostSkellamBits,
  type NoiseGrid,
  noiseGridFor,
  noiseGridOf,
  skellamEpsilon,
} from '../../privacy/index.ts';
import { type DistributedPrivacy, type RunConfig, StrataError } from '../../protocol/index.ts';
import { largestCohort } from '../cohort.ts';
import { layoutFor } from '../layout.ts';

/** A sealed run whose participants add the noise themselves, as all of them and the server compute it from its configuration. */

/** Participants whose part of the noise is in every sum that is opened, and known to nobody else. */
export function honestIn(
  { aggregation: { sealing } }: Pick<RunConfig, 'aggregation'>,
  { colluding }: Pick<DistributedPrivacy, 'colluding'>,
): number {
  const least = sealing.kind === 'sealed' ? sealing.atLeast : 0;
  if (least > colluding) return least - colluding;
  throw new StrataError(
    'bad-config',
    `Of a sum of ${least} participants ${colluding} may give their noise away; nothing is left of it.`,
    'Set privacy.colluding below aggregation.sealing.atLeast.',
  );
}

/** All that the noise follows from but its size. */
function termsOf(config: RunConfig, privacy: DistributedPrivacy): Omit<DistributedNoise, 'noise'> {
  const trained = layoutFor(config).layers.filter(({ role }) => role !== 'embed');
  return {
    clip: privacy.clip,
    honest: honestIn(config, privacy),
    members: largestCohort(config.cohort.goal),
    values: trained.reduce((sum, layer) => sum + parameterCount(layer), 0),
  };
}

/** The newest answers: each step of each round, and each layer, asks the same. */
const known = new Map<string, { readonly noise: number; readonly grid: NoiseGrid }>();
const mostKnown = 50;

function solved(config: RunConfig, privacy: DistributedPrivacy) {
  const terms = termsOf(config, privacy);
  const { epsilon, delta } = privacy;
  const key = [...Object.values(terms), epsilon, delta, privacy.noise, config.rounds].join();
  const before = known.get(key);
  if (before !== undefined) return before;
  const noise = privacy.noise ?? distributedNoiseFor(terms, { epsilon, delta, rounds: config.rounds });
  const made = { noise, grid: noiseGridFor({ ...terms, noise }) };
  known.set(key, made);
  for (const oldest of known.keys()) {
    if (known.size <= mostKnown) break;
    known.delete(oldest);
  }
  return made;
}

/** z of a round's sums. @throws `bad-config` where no noise keeps the run within its epsilon. */
export const distributedNoise = (config: RunConfig, privacy: DistributedPrivacy): number =>
  solved(config, privacy).noise;

/** The whole numbers that the run's participants round to, the same in every round. @throws `bad-config` */
export const distributedGrid = (config: RunConfig, privacy: DistributedPrivacy): NoiseGrid =>
  solved(config, privacy).grid;

/** What is said of the noise with a round's work: z, and the grid by the deviation of a part. */
export interface SaidNoise {
  readonly z: number;
  readonly bits: number;
}

/** As the server says it. */
export function noiseSaid(config: RunConfig, privacy: DistributedPrivacy): SaidNoise {
  const { noise: z, grid } = solved(config, privacy);
  return { z, bits: grid.bits };
}

/** What another engine's logarithms and exponentials may make of z. */
const rounding = 1e-5;

/**
 * The grid that was said, for so many members.
 * @throws `wrong-exchange` where it has less noise than the configuration asks for, or a sum could leave an int32.
 */
export function gridSaid(
  config: RunConfig,
  privacy: DistributedPrivacy,
  said: SaidNoise | undefined,
  members: number,
): NoiseGrid {
  const { noise: least, grid: own } = solved(config, privacy);
  if (said === undefined) throw unlike('none was said');
  const { z, bits } = said;
  if (!(z >= least * (1 - rounding))) throw unlike(`${z} times the longest update, and at least ${least}`);
  // One less, where another engine found the largest cohort one member larger; coarser, rounding would be more than was counted.
  if (bits < Math.max(leastSkellamBits, own.bits - 1) || bits > mostSkellamBits)
    throw unlike(`in steps of which its deviation is 2^${bits}, and 2^${own.bits} was expected`);
  const grid = noiseGridOf({ ...termsOf(config, privacy), noise: z }, bits);
  if (largestSum(grid, members) > 0x7fffffff) throw unlike(`for fewer than ${members} participants`);
  return grid;
}

const unlike = (what: string): StrataError =>
  new StrataError(
    'wrong-exchange',
    `The noise of this sealed exchange is not as the run's configuration has it: ${what}.`,
    'The round is left out. Where it happens again, ask who runs the study.',
  );

/** What so many rounds come to. */
export const distributedEpsilon = (config: RunConfig, privacy: DistributedPrivacy, rounds: number): number =>
  skellamEpsilon(solved(config, privacy).grid, rounds, privacy.delta).epsilon;
