/**
 * How clients come back after a server that went away, so that they do not all come at once. The server tells each how
 * long all of them together take (`pace` of the clients' channel); each draws its own moment.
 */

/** So many a second are let come back where the grace leaves time for it. */
const returnsPerSecond = 100;
/** Of the grace that clients have to come back in: the last one comes after 1.25 times the spread. */
const shareOfGrace = 0.6;

/**
 * Milliseconds over which `clients` are to come back.
 * @param graceMs how long a client without a connection still belongs to its round.
 */
export const spreadMs = (clients: number, graceMs: number): number =>
  Math.round(Math.min((1000 * clients) / returnsPerSecond, shareOfGrace * graceMs));

export interface ComeBack {
  /** Milliseconds before the first and the later tries where nothing was told. */
  readonly least: number;
  readonly most: number;
  /** As the server told it; 0: not at all. */
  readonly spread: number;
}

/**
 * Milliseconds before the next try to come back. The first tries lie evenly over the spread; a later one comes about a
 * spread after the one before, so that those who tried in vain while the server was away are spread as well: for every
 * length of its absence one and a half times the even rate is the most that is to be expected; with chance in it no second
 * of `pace.test.ts` has more than twice that rate.
 * @param tries that were in vain.
 * @param draw from 0 to below 1.
 */
export function comeBackMs({ least, most, spread }: ComeBack, tries: number, draw: number): number {
  const usual = Math.min(most, least * 2 ** tries) * (0.5 + draw);
  // So few that nobody notices them.
  if (spread <= 2 * least) return usual;
  return tries === 0 ? spread * draw : Math.max(usual, spread * (0.75 + 0.5 * draw));
}
