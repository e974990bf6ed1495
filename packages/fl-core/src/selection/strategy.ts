/** The vocabulary of selection: numbers and names only. */

export interface ClientInput {
  readonly id: string;
  /** d_i, the number of training samples. */
  readonly samples: number;
  /** R_i, in the unit of the layer costs. */
  readonly budget: number;
  /** s_il in the order of {@link SelectionInput.layers}; null when the client brought none. */
  readonly scores: readonly number[] | null;
}

export interface SelectionInput {
  /** Selectable layers in forward order. */
  readonly layers: readonly string[];
  /** c_l > 0, in the same order. */
  readonly costs: readonly number[];
  readonly clients: readonly ClientInput[];
  readonly round: number;
  readonly seed: number;
}

/** Chosen layers of each client, in forward order; an entry for every client, possibly empty. */
export type Masks = Readonly<Record<string, readonly string[]>>;

export interface Selection {
  readonly masks: Masks;
  /** P1 only: value of its masks before the top-up, the best upper bound known, and whether they meet. */
  readonly objective?: number;
  readonly bound?: number;
  readonly proved?: boolean;
}

/**
 * What a probe measures for each layer. `squared-norm`: of the mean gradient; `rgn`: gradient norm over
 * parameter norm; `snr`: squared mean over variance of the per-sample gradients.
 */
export type ScoreKind = 'squared-norm' | 'rgn' | 'snr';

/** Decides from names, costs and budgets alone: a run with it sends no probe. */
export interface BlindStrategy {
  readonly needs: 'nothing';
  select(input: SelectionInput): Selection;
}

/** Decides from this round's scores. */
export interface ScoredStrategy {
  readonly needs: 'scores';
  readonly score: ScoreKind;
  /**
   * Whether each client chooses for itself. The time that the additive costs of milliseconds leave unused is filled up
   * for these alone: it would undo what others want of the cohort as a whole.
   */
  readonly ownChoice?: true;
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
