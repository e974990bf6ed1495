import { aggregateLayer, type MeasuredUpdate } from '../aggregation/index.ts';
import {
  checkSums,
  gramName,
  type LabelMap,
  labelMapOf,
  type Sums,
  sumsIn,
  sumsLayer,
  tensorsOf,
} from '../closed-form/index.ts';
import { alwaysTrained, elements, type LayerSpec } from '../models/layouts.ts';
import {
  type AggregationConfig,
  decodeSafetensors,
  encodeSafetensors,
  type RunConfig,
  StrataError,
} from '../protocol/index.ts';
import type { LayerStep } from './layer-step.ts';
import { layoutFor } from './layout.ts';
import type { Round } from './types.ts';

export type { LabelMap };

/** Rounds of the head's warm start in which it is computed from sums, not trained. */

/** The map that is computed of the run's head; null where there is none that could be, or more is trained beside it. */
export function closedFormMap(config: RunConfig): LabelMap | null {
  const layout = layoutFor(config);
  const map = labelMapOf(layout);
  return map !== null && alwaysTrained(layout).join() === map.layer.name ? map : null;
}

/** The map that a round computes; null in all rounds in which layers are trained. */
export const mapInRound = (config: RunConfig, { selection }: Pick<Round, 'selection'>): LabelMap | null =>
  selection?.warmUp === true && config.local.head.warmUp.kind === 'closed-form'
    ? closedFormMap(config)
    : null;

/** The layers of an update as they are sent: of a head that is computed, its sums. */
export const asSent = (layers: readonly LayerSpec[], map: LabelMap | null): LayerSpec[] =>
  layers.map((layer) => (map !== null && layer.name === map.layer.name ? sumsLayer(map) : layer));

/** Throws `bad-update` for sums that no samples have. @param update safetensors that was checked for its tensors. */
export function checkSent(map: LabelMap, update: Uint8Array): void {
  checkSums(map, sumsIn(decodeSafetensors(update).tensors));
}

/**
 * The head from the sums of those who sent them, by the run's rule, and of the rounds right before that did the same:
 * whoever was in several counts as often.
 * @param before the head's weights, safetensors; what belongs to it beside the map stays.
 * @param state what an earlier call returned; null in the first such round.
 * @throws StrataError `non-finite` when float32 cannot hold the result.
 */
export async function closedFormStep(
  rule: AggregationConfig['rule'],
  map: LabelMap,
  before: Uint8Array,
  state: Uint8Array | null,
  updates: readonly MeasuredUpdate[],
): Promise<LayerStep> {
  const [gram, labels] = sumsLayer(map).tensors.map((t) => elements(t.shape)) as [number, number];
  const flat = new Float64Array(gram + labels);
  await aggregateLayer(rule, updates, flat.length, (offset, values) => flat.set(values, offset));
  const samples = updates.reduce((sum, u) => sum + u.samples, 0);
  // A rule may have shortened all of it alike: the gram's last value is the mean of ones.
  const whole = flat[gram - 1]!;
  const fresh = { sums: { gram: flat.subarray(0, gram), labels: flat.subarray(gram) }, whole, samples };
  const earlier = state === null ? null : kept(state);
  const all = together(earlier === null ? [fresh] : [earlier, fresh]);
  // Only a server needs it.
  const { solveHead } = await import('../closed-form/solve.ts');
  const { weight, bias } = solveHead(map, all.sums, all.samples);
  if (![...weight, ...bias].every(Number.isFinite)) throw unsolved(map);
  const tensors = decodeSafetensors(before).tensors.map((tensor) => {
    if (tensor.name === map.weight.name) return { ...tensor, data: weight };
    return tensor.name === map.bias.name ? { ...tensor, data: bias } : tensor;
  });
  return { weights: encodeSafetensors(tensors), state: encodeKept(map, all), relativeChange: null };
}

interface Weighed {
  readonly sums: Sums;
  readonly samples: number;
}

/** @param parts `whole`: what the mean of ones is in them. */
function together(parts: readonly (Weighed & { readonly whole: number })[]): Weighed {
  const samples = parts.reduce((sum, part) => sum + part.samples, 0);
  const mean = (of: (sums: Sums) => Float64Array): Float64Array => {
    const out = new Float64Array(of(parts[0]!.sums).length);
    for (const { sums, whole, samples: own } of parts) {
      const by = own / samples / whole;
      for (const [k, value] of of(sums).entries()) out[k]! += value * by;
    }
    return out;
  };
  return { samples, sums: { gram: mean((s) => s.gram), labels: mean((s) => s.labels) } };
}

const samplesName = 'samples';

/** Null where layers were trained since: the sums of before are of other features, and what is kept are moments. */
function kept(state: Uint8Array): (Weighed & { whole: number }) | null {
  const { tensors } = decodeSafetensors(state);
  if (!tensors.some(({ name }) => name === gramName)) return null;
  const samples = tensors.find((t) => t.name === samplesName)?.data[0] ?? 0;
  return { sums: sumsIn(tensors), samples, whole: 1 };
}

function encodeKept(map: LabelMap, { sums, samples }: Weighed): Uint8Array {
  return encodeSafetensors([
    ...tensorsOf(map, sums),
    { name: samplesName, shape: [1], data: Float32Array.of(samples) },
  ]);
}

const unsolved = (map: LabelMap): StrataError =>
  new StrataError(
    'non-finite',
    `No head can be computed from the sums of layer ${map.layer.name}.`,
    'A participant sent sums of broken features; remove it, or set local.head.warmUp to trained.',
  );
