import {
  aggregateLayer,
  initialState,
  type LayerUpdate,
  type OptimizerState,
  serverStep,
} from '../../aggregation/index.ts';
import { type LayerSpec, parameterCount } from '../../models/layouts.ts';
import {
  type AggregationConfig,
  decodeSafetensors,
  encodeSafetensors,
  type NamedTensor,
  StrataError,
} from '../../protocol/index.ts';

export interface LayerStep {
  /** The layer's new weights, safetensors. */
  readonly weights: Uint8Array;
  /** The optimizer's new state of the layer, safetensors with `m` and `v`; null when it keeps none. */
  readonly state: Uint8Array | null;
}

/**
 * What becomes of a layer that somebody trained: the rule makes one change of the clients' changes (float64, in
 * client-id order, R7), the server's optimizer takes a step by it. With the mean and FedAvg at rate 1 that is
 * theta_l + sum_i w_il delta_il, rounded to float32 once (R6).
 * @param before the layer's weights, safetensors.
 * @param updates of those who trained it.
 * @param state what an earlier call returned; null for a layer that was never trained.
 * @throws StrataError `too-few-clients` for Krum; StrataError `non-finite` when float32 cannot hold the result.
 */
export async function stepLayer(
  { rule, optimizer }: AggregationConfig,
  layer: LayerSpec,
  before: Uint8Array,
  state: Uint8Array | null,
  updates: readonly LayerUpdate[],
): Promise<LayerStep> {
  const elements = parameterCount(layer);
  const weights = flatWeights(layer, before, elements);
  const moments = state ? decodeState(layer.name, state) : initialState(optimizer, elements);
  await aggregateLayer(rule, updates, elements, (offset, delta) => {
    serverStep(optimizer, weights, moments, offset, delta);
    const end = offset + delta.length;
    for (const values of [weights, moments.m, moments.v])
      checkFinite(layer.name, values.subarray(offset, end));
  });
  return { weights: encodeSafetensors(tensorsOf(layer, weights)), state: encodeState(moments) };
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

function encodeState({ m, v }: OptimizerState): Uint8Array | null {
  const tensors = [
    { name: 'm', shape: [m.length], data: m },
    { name: 'v', shape: [v.length], data: v },
  ].filter((t) => t.data.length > 0);
  return tensors.length > 0 ? encodeSafetensors(tensors) : null;
}

function decodeState(layer: string, blob: Uint8Array): OptimizerState {
  const { tensors } = decodeSafetensors(blob);
  const [m, v] = ['m', 'v'].map((name) => tensors.find((t) => t.name === name)?.data);
  if (!m) throw damaged(layer);
  return { m, v: v ?? new Float32Array(0) };
}

function checkFinite(layer: string, values: Float32Array): void {
  if (values.every(Number.isFinite)) return;
  throw new StrataError(
    'non-finite',
    `The aggregated layer ${layer} exceeds float32.`,
    'A client sent huge values; lower the learning rate, or use a robust rule.',
  );
}

export const damaged = (layer: string): StrataError =>
  new StrataError('internal', `Layer ${layer} is not complete on disk.`, 'Restore DATA_DIR from a backup.');
