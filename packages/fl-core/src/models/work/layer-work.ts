/**
 * Floating-point operations that the matrix products and convolutions of one layer take, for one sample. Nothing else
 * counts: elementwise work is small beside them.
 */
export interface LayerWork {
  readonly layer: string;
  /** The forward pass. */
  readonly forward: number;
  /** Gradients by what lies behind the layer's first parameters: needed where it, or a layer below it, is trained. */
  readonly inside: number;
  /** Gradients by what the layer is given: needed on top where a layer below it is trained. */
  readonly input: number;
  /** Gradients by its own parameters: needed where it is trained. */
  readonly parameters: number;
}

/** A linear map of `rows` vectors from `inputs` to `outputs` numbers. */
export interface Linear {
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
}

/** What a layer multiplies with what. */
export interface Products {
  /** Linear maps of what the layer is given, with no trained parameter before them; behind a norm there is one. */
  readonly first?: readonly Linear[];
  /** All other linear maps. */
  readonly others?: readonly Linear[];
  /** Operations of attention, scores and context together: its gradient has two products for each of the two. */
  readonly attention?: number;
  /** Linear maps whose kernels stay as they are, in the last place of the layer. */
  readonly frozen?: readonly Linear[];
}

const operations = (linears: readonly Linear[]): number =>
  linears.reduce((sum, { rows, inputs, outputs }) => sum + 2 * rows * inputs * outputs, 0);

/** A linear map's two gradients take as much as the map itself, each. */
export function workOf(
  layer: string,
  { first = [], others = [], attention = 0, frozen = [] }: Products,
): LayerWork {
  const [entry, inner, fixed] = [operations(first), operations(others), operations(frozen)];
  return {
    layer,
    forward: entry + inner + attention + fixed,
    inside: inner + 2 * attention + fixed,
    input: entry,
    parameters: entry + inner,
  };
}

/** What is trained in a step, beside what it may leave out. */
export interface Step {
  /** Names of the trained layers, one at least. */
  readonly trained: readonly string[];
  /** What lies below the shallowest trained layer is known from an earlier epoch (C3). */
  readonly warm?: boolean;
}

/**
 * Floating-point operations of one step on one sample: the forward pass, the gradients on the way down to the first
 * parameters of the shallowest trained layer, and those of the trained layers' parameters.
 * @param work of all layers, in forward order.
 */
export function stepWork(work: readonly LayerWork[], { trained, warm = false }: Step): number {
  const cut = work.findIndex(({ layer }) => trained.includes(layer));
  return work.reduce((sum, { layer, forward, inside, input, parameters }, i) => {
    const ahead = warm && i < cut ? 0 : forward;
    const back = (i >= cut ? inside : 0) + (i > cut ? input : 0);
    return sum + ahead + back + (trained.includes(layer) ? parameters : 0);
  }, 0);
}
