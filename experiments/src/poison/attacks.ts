import type { Random } from '@strata/fl-core/random';

/** What hostile participants do instead of what they were asked for. */
export interface Attack {
  readonly name: string;
  /** Samples that they have, in those of the others. */
  readonly times: number;
  /** Samples that they say they have when they join, given those that they have. */
  readonly declares: (samples: number) => number;
  /** Samples that their update says it stands for. */
  readonly claims: (samples: number) => number;
  /** What they send for a value of an honest change. */
  readonly sends: (honest: number, draws: Random) => number;
}

const own = (samples: number): number => samples;
const many = (): number => 1e9;
const sign = (draws: Random): number => (draws.uniform() < 0.5 ? -1 : 1);

export const attacks: readonly Attack[] = [
  { name: 'none', times: 1, declares: own, claims: own, sends: (x) => x },
  { name: 'none, 10 times the samples', times: 10, declares: own, claims: own, sends: (x) => x },
  { name: 'flip x1', times: 1, declares: own, claims: own, sends: (x) => -x },
  { name: 'flip x10', times: 1, declares: own, claims: own, sends: (x) => -10 * x },
  { name: '+-1e6', times: 1, declares: own, claims: own, sends: (_, draws) => 1e6 * sign(draws) },
  { name: 'flip x1, claims 1e9', times: 1, declares: own, claims: many, sends: (x) => -x },
  { name: 'flip x1, declares 1e9', times: 1, declares: many, claims: many, sends: (x) => -x },
  { name: 'flip x10, declares 1e9', times: 1, declares: many, claims: many, sends: (x) => -10 * x },
  { name: '3.3e38', times: 1, declares: own, claims: own, sends: () => 3.3e38 },
];
