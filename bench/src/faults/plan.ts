import { random } from '@strata/fl-core/random';

/** When the server is killed: in which round, and before or after the last answer of which phase. */

export const moments = [
  'probing',
  'after the last score',
  'training',
  'after the last update',
  'evaluating',
  'after the last evaluation',
] as const;
export type Moment = (typeof moments)[number];

/** The phase whose last answer a moment is before or after. */
export function phaseAt(moment: Moment): 'probe' | 'train' | 'evaluate' {
  switch (moment) {
    case 'probing':
    case 'after the last score':
      return 'probe';
    case 'training':
    case 'after the last update':
      return 'train';
    case 'evaluating':
    case 'after the last evaluation':
      return 'evaluate';
    default:
      return moment satisfies never;
  }
}

export const isAfter = (moment: Moment): boolean => moment.startsWith('after');

export interface Kill {
  /** 1 is the first. */
  readonly round: number;
  readonly moment: Moment;
  /** From when the moment has come, in milliseconds. */
  readonly delayMs: number;
}

/** After the last answer of a phase the next one is soon reached; before it time stands still. */
const longestDelay = { before: 300, after: 120 };

/** Drawn evenly over rounds and moments, in the order in which they come. */
export function planKills(count: number, rounds: number, seed: number): Kill[] {
  const draws = random('kills', seed);
  const kills = Array.from({ length: count }, () => {
    const round = 1 + draws.below(rounds);
    const moment = moments[draws.below(moments.length)] ?? 'training';
    const delayMs = draws.uniform() * longestDelay[isAfter(moment) ? 'after' : 'before'];
    return { round, moment, delayMs };
  });
  const place = ({ round, moment }: Kill) => round * moments.length + moments.indexOf(moment);
  return kills.sort((a, b) => place(a) - place(b));
}
