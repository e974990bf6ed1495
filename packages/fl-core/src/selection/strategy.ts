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

export interface Selection {
  /** Chosen layers of each client, in forward order; an entry for every client, possibly empty. */
  readonly masks: Readonly<Record<string, readonly string[]>>;
  /** P1 only: value of the masks, the best upper bound known, and whether they meet. */
  readonly objective?: number;
  readonly bound?: number;
  readonly proved?: boolean;
}

/** What a strategy must be given; a run whose strategy needs no scores sends no probe. */
export type Need = 'nothing' | 'scores';

export interface Strategy {
  readonly name: string;
  readonly needs: Need;
  select(input: SelectionInput): Selection;
}
