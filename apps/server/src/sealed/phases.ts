import type { Phase } from '@strata/fl-core/protocol';
import { exchangeOf, type SealedPhase, sealedPhaseOf, termsAfter } from '@strata/fl-core/rounds';
import {
  countCommitted,
  getCheckpoint,
  listSealedMembers,
  newestSealed,
  type RoundRow,
  type RunRow,
} from '../store/rows.ts';
import type { HasDb, Queryable } from '../store/store.ts';

/** Sealed rounds as they stand, read from rows. */

/** What all of a sealed round follows from, read anew; `phase` of whoever asks says whether its members are needed. */
export async function readSealedPhase(
  db: Queryable,
  run: RunRow,
  { round, baseRound, phase }: Pick<RoundRow, 'round' | 'baseRound' | 'phase'>,
): Promise<SealedPhase> {
  const terms = termsAfter(run.config, await countCommitted(db, run.id), await newestSealed(db, run));
  const { layers } = await getCheckpoint(db, run.id, baseRound);
  // While training goes on nobody is asked for anything that follows from the others.
  const cohort = phase === 'training' ? [] : await listSealedMembers(db, run.id, round);
  return sealedPhaseOf(exchangeOf(run, round, layers, terms), terms, cohort);
}

export interface HasSealedPhases {
  readonly sealedPhases: SealedPhases;
}

/**
 * The phase that each sealed run is in. It is the same for as long as it lasts, and all of the cohort ask for it: it is
 * read once. What is kept here is forgotten in a restart, and read again.
 */
export class SealedPhases {
  readonly #db: Queryable;
  readonly #newest = new Map<string, { readonly key: string; readonly at: Promise<SealedPhase> }>();

  constructor({ db }: HasDb) {
    this.#db = db;
  }

  /** Null in runs that are not sealed, and in phases in which nobody is asked for a part of the exchange. */
  async of(run: RunRow, round: Pick<RoundRow, 'round' | 'baseRound' | 'phase'>): Promise<SealedPhase | null> {
    if (run.config.aggregation.sealing.kind === 'open' || !asking.includes(round.phase)) return null;
    const key = `${round.round} ${round.phase}`;
    const known = this.#newest.get(run.id);
    if (known?.key === key) return known.at;
    const at = readSealedPhase(this.#db, run, round);
    this.#newest.set(run.id, { key, at });
    at.catch(() => this.forget(run.id)); // it may be read the next time
    return at;
  }

  forget(run: string): void {
    this.#newest.delete(run);
  }
}

const asking: readonly Phase[] = ['training', 'sealing', 'uploading', 'unmasking'];
