import type { LayerCosts } from './mask-cost.ts';

/** The vocabulary of selection: numbers and names only. */

import type { ScoreKind } from './score-kinds.ts';

export interface ClientInput {
  readonly id: string;
  /** d_i, the number of training samples. */
  readonly samples: number;
  /** R_i, in the unit of {@link SelectionInput}'s costs. */
  readonly budget: number;
  /**
   * What masks cost this client where that differs from client to client, and its budget by that: for strategies that
   * look at each client alone. What fits the common costs and `budget` fits these, too.
   */
  readonly own?: (LayerCosts & { readonly budget: number }) | undefined;
  /** s_il in the order of {@link SelectionInput.layers}; null when the client brought none. */
  readonly scores: readonly number[] | null;
}

export interface SelectionInput extends LayerCosts {
  /** Selectable layers in forward order: the order of all that is by layer here. */
  readonly layers: readonly string[];
  readonly clients: readonly ClientInput[];
  readonly round: number;
  readonly seed: number;
  /**
   * m, a whole number: each layer is trained by nobody or by at least m of the clients, as a sealed run asks for. Absent: by
   * any number. With fewer than m clients no layer can be trained.
   */
  readonly minimumGroup?: number | undefined;
  /** Indices of layers that nobody may take. Absent: none. */
  readonly closed?: ReadonlySet<number> | undefined;
  /**
   * ||change|| / ||weights|| of each layer's last aggregated change, in the order of the layers, null for one that was never
   * trained; absent where the strategy does not recycle changes.
   */
  readonly lastChanges?: readonly (number | null)[];
}

/** Chosen layers of each client, in forward order; an entry for every client, possibly empty. */
export type Masks = Readonly<Record<string, readonly string[]>>;

export interface Selection {
  readonly masks: Masks;
  /** P1 only: value of its masks before the top-up, the best upper bound known, and whether they meet. */
  readonly objective?: number;
  readonly bound?: number;
  readonly proved?: boolean;
  /** Its price of disagreeing, in units of the mean score. */
  readonly lambda?: number;
}

/** Decides from names, costs and budgets alone: a run with it sends no probe. */
export interface BlindStrategy {
  readonly needs: 'nothing';
  select(input: SelectionInput): Selection;
}

/** Decides from this round's scores. */
export interface ScoredStrategy {
  readonly needs: 'scores';
  readonly score: ScoreKind;
  select(input: SelectionInput): Selection;
}

/** What a strategy remembers of a run: plain JSON that the caller persists with the round (R8). */
export interface SelectionHistory {
  /** How often each layer was trained: shares of the cohort, summed over the rounds. */
  readonly trained: Readonly<Record<string, number>>;
}

/** Decides from what was selected before, and from scores in some rounds. */
export interface HistoricStrategy {
  readonly needs: 'history';
  readonly score: ScoreKind;
  /** Whether this round needs a probe; known before it opens. */
  wantsScores(round: number, seed: number): boolean;
  /** `history` is that of the last committed round, null before the first. */
  select(
    input: SelectionInput,
    history: SelectionHistory | null,
  ): Selection & { readonly history: SelectionHistory };
}

export type Strategy = BlindStrategy | ScoredStrategy | HistoricStrategy;

/** What a strategy must be given; a run whose strategy needs no scores sends no probe. */
export type Need = Strategy['needs'];
