import {
  aggregateLayer,
  type Emit,
  initialState,
  type LayerUpdate,
  lengthBetween,
  type MeasuredUpdate,
  type Noising,
  noisedMean,
  type OptimizerState,
  participationRate,
  serverStep,
} from '../aggregation/index.ts';
import { gramName } from '../closed-form/index.ts';
import { type LayerSpec, parameterCount } from '../models/layouts.ts';
import {
  type AggregationConfig,
  decodeSafetensors,
  encodeSafetensors,
  firstNonFinite,
  type NamedTensor,
  StrataError,
} from '../protocol/index.ts';

/** What becomes of one layer when a round is aggregated (R6, R7). */

export interface LayerStep {
  /** The layer's new weights, safetensors. */
  readonly weights: Uint8Array;
  /**
   * What the server keeps of the layer, safetensors: the optimizer's `m` and `v`, and `change`, the layer's last one, where
   * changes are recycled; null when it keeps nothing.
   */
  readonly state: Uint8Array | null;
  /** ||change|| / ||weights before it||, of a change that was made and kept; null otherwise. */
  readonly relativeChange: number | null;
}

export interface StepOptions {
  /** Of the weight of all updates of the round the part behind the layer, in [0, 1]; see `shareBehind`. */
  readonly share: number;
  /** Of a buffered run: what stale updates leave of the step, see `freshness`; absent: all of it. */
  readonly freshness?: number;
  /** Whether the change is kept, and repeated when there are no updates. */
  readonly recycles: boolean;
  /** Differential privacy: instead of the rule, {@link noisedMean}; null: none. */
  readonly noising: Noising | null;
}

/**
 * Of a layer that somebody trained: the rule makes one change of the clients' changes (float64, in
 * client-id order, R7), the server's optimizer takes a step by it. With the mean and FedAvg at rate 1 that is
 * theta_l + sum_i w_il delta_il, rounded to float32 once (R6); where only a part of the cohort trained the layer, the
 * configuration's `participation` may make the step shorter. All that follows from a noised mean is as private as it is.
 * @param before the layer's weights, safetensors.
 * @param updates of those who trained it. None where `recycles`: the layer's last change is made once more.
 * @param state what an earlier call returned; null for a layer that was never trained.
 * @throws StrataError `too-few-clients` for a rule that needs more; `non-finite` when float32 cannot hold the result.
 */
export async function stepLayer(
  { rule, optimizer, participation }: AggregationConfig,
  layer: LayerSpec,
  before: Uint8Array,
  state: Uint8Array | null,
  updates: readonly MeasuredUpdate[],
  { share, freshness = 1, recycles, noising }: StepOptions,
): Promise<LayerStep> {
  if (recycles && updates.length === 0) return repeatedStep(layer, before, state);
  const rate = participationRate(participation, share) * freshness;
  const elements = parameterCount(layer);
  const weights = flatWeights(layer, before, elements);
  const old = recycles ? weights.slice() : null;
  const moments = momentsIn(layer.name, optimizer, state) ?? initialState(optimizer, elements);
  const emit: Emit = (offset, delta) => {
    serverStep(optimizer, weights, moments, offset, delta, rate);
    const end = offset + delta.length;
    for (const values of [weights, moments.m, moments.v])
      checkFinite(layer.name, values.subarray(offset, end));
  };
  if (noising) await noisedMean(updates, elements, emit, noising);
  else await aggregateLayer(rule, updates.map(measured(layer)), elements, emit);
  const change = old === null ? null : old.map((value, k) => weights[k]! - value);
  return {
    weights: encodeSafetensors(tensorsOf(layer, weights)),
    state: encodeState(moments, change),
    relativeChange: old && change && lengthOf(change) / (lengthOf(old) + tiny),
  };
}

/**
 * L2 norm of a layer's change: tensor by tensor in the layout's order, so that it is the same whoever measures it, and
 * also where the file arrives with its tensors in another order.
 * @param squares of a tensor, the sum of the squares of its values by `Length`.
 */
export const normOf = ({ tensors }: LayerSpec, squares: (tensor: string) => number): number =>
  Math.sqrt(tensors.reduce((sum, { name }) => sum + squares(name), 0));

/** An update whose norm is known, or is measured when a rule asks for it. */
const measured =
  (layer: LayerSpec) =>
  <U extends LayerUpdate>(update: U): U => ({ norm: () => layerNorm(layer, update), ...update });

/** L2 norm of one client's change of a layer, as {@link normOf} has it. */
export async function layerNorm(layer: LayerSpec, update: LayerUpdate): Promise<number> {
  const squares = new Map<string, number>();
  let start = 0;
  for (const { name, shape } of layer.tensors) {
    const elements = shape.reduce((a, b) => a * b, 1);
    squares.set(name, (await lengthBetween(update, start, elements)).squares);
    start += elements;
  }
  return normOf(layer, (name) => squares.get(name) ?? 0);
}

/** Added to the length of weights that a change is divided by, as the authors of FedLUAR do. */
const tiny = 1e-6;

/** As in FedLUAR (Kim et al., arXiv 2503.11146): a layer that nobody trained moves as it did the last time. */
function repeatedStep(layer: LayerSpec, before: Uint8Array, state: Uint8Array | null): LayerStep {
  const change = state && decodeSafetensors(state).tensors.find((t) => t.name === 'change')?.data;
  if (!change) return { weights: before, state, relativeChange: null };
  const weights = flatWeights(layer, before, parameterCount(layer));
  for (let k = 0; k < weights.length; k++) weights[k]! += change[k]!;
  checkFinite(layer.name, weights);
  return { weights: encodeSafetensors(tensorsOf(layer, weights)), state, relativeChange: null };
}

/** In float64. */
function lengthOf(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}

/** The tensors of a layer, one after the other in the layout's order. */
function flatWeights(layer: LayerSpec, blob: Uint8Array, elements: number): Float32Array<ArrayBuffer> {
  const tensors = new Map(decodeSafetensors(blob).tensors.map((t) => [t.name, t]));
  const flat = new Float32Array(elements);
  let at = 0;
  for (const { name, shape } of layer.tensors) {
    const data = tensors.get(name)?.data;
    if (data?.length !== shape.reduce((a, b) => a * b, 1)) throw damaged(layer.name);
    flat.set(data, at);
    at += data.length;
  }
  return flat;
}

function tensorsOf(layer: LayerSpec, flat: Float32Array<ArrayBuffer>): NamedTensor[] {
  let at = 0;
  return layer.tensors.map(({ name, shape }) => {
    const length = shape.reduce((a, b) => a * b, 1);
    const data = flat.subarray(at, at + length);
    at += length;
    return { name, shape, data };
  });
}

function encodeState({ m, v }: OptimizerState, change: Float32Array<ArrayBuffer> | null): Uint8Array | null {
  const tensors = [
    { name: 'm', shape: [m.length], data: m },
    { name: 'v', shape: [v.length], data: v },
    ...(change ? [{ name: 'change', shape: [change.length], data: change }] : []),
  ].filter((t) => t.data.length > 0);
  return tensors.length > 0 ? encodeSafetensors(tensors) : null;
}

/** Null where nothing was kept yet. */
function momentsIn(
  layer: string,
  optimizer: AggregationConfig['optimizer'],
  blob: Uint8Array | null,
): OptimizerState | null {
  if (blob === null) return null;
  const { tensors } = decodeSafetensors(blob);
  // Of a head that was computed: the sums that it was computed from are no moments.
  if (tensors.some((t) => t.name === gramName)) return null;
  const none = new Float32Array(0);
  const [m = none, v = none] = ['m', 'v'].map((name) => tensors.find((t) => t.name === name)?.data);
  const expected = initialState(optimizer, 1);
  if ((expected.m.length > 0 && m.length === 0) || (expected.v.length > 0 && v.length === 0))
    throw damaged(layer);
  return { m, v };
}

function checkFinite(layer: string, values: Float32Array): void {
  if (firstNonFinite(values) === -1) return;
  throw new StrataError(
    'non-finite',
    `The aggregated layer ${layer} exceeds float32.`,
    'A participant sent huge values; lower the learning rate, or use a robust rule.',
  );
}

export const damaged = (layer: string): StrataError =>
  new StrataError('internal', `Layer ${layer} is not complete on disk.`, 'Restore DATA_DIR from a backup.');
