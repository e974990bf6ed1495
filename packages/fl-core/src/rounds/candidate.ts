import {
  aggregateLayer,
  initialState,
  type LayerUpdate,
  type OptimizerState,
  serverStep,
} from '../aggregation/index.ts';
import { type LayerSpec, layerBytes, parameterCount } from '../models/layouts.ts';
import {
  type AggregationConfig,
  decodeSafetensors,
  encodeSafetensors,
  firstNonFinite,
  type NamedTensor,
  StrataError,
} from '../protocol/index.ts';
import { countedSamples } from './claims.ts';
import { layoutFor, trainedLayers } from './layout.ts';
import { entering } from './phase.ts';
import type { Change, Client, Layers, Member, RoundFacts, Run } from './types.ts';

/** From the updates that count to the model that the cohort evaluates, layer by layer (R6, R7). */

/** The model that a round makes, as far as it has come. */
export interface Candidate {
  readonly candidate: Layers;
  /** The server optimizer's state of every layer that was ever trained; null when it keeps none. */
  readonly optimizer: Layers | null;
}

/** An update that counts. */
export interface CountedUpdate {
  readonly client: string;
  /** d_i, the training samples that count. */
  readonly samples: number;
  /** Layers it holds. */
  readonly layers: readonly string[];
  /** Its hash. */
  readonly update: string;
}

/** The updates of a round, in client-id order (R7). */
export function countedUpdates({ config }: Pick<Run, 'config'>, cohort: readonly Member[]): CountedUpdate[] {
  const layout = layoutFor(config);
  const trained = cohort.filter((m) => m.update !== null);
  const claims = countedSamples(config, trained);
  return trained.flatMap(({ client, mask, update }) => {
    const samples = claims.get(client)?.counted ?? 0;
    return update === null ? [] : [{ client, samples, layers: trainedLayers(layout, mask ?? []), update }];
  });
}

/** Where the layers of a model lie, and who steps one. */
export interface LayerPort {
  /** Bytes of layers that may be made at once; one layer may be larger. */
  readonly room: number;
  /** `stepLayer` with the round's updates, here or in a thread: the same bytes either way. */
  step(layer: LayerSpec, before: Uint8Array, state: Uint8Array | null): Promise<LayerStep>;
  read(sha256: string): Promise<Uint8Array>;
  /** Writes a layer, or an optimizer's state of one, under its hash. */
  write(bytes: Uint8Array): Promise<Layers[string]>;
  /**
   * Runs `make`, which writes finished layers, and names what it wrote in the round: whatever is written and named
   * survives a crash, and is not made again.
   */
  keep(make: () => Promise<Candidate>): Promise<Candidate>;
  /** A layer keeps its bytes because too few clients trained it for the rule; for the log. */
  refused(layer: string, why: StrataError): Promise<void>;
}

/**
 * A few layers at a time (R6, R7): memory is that of {@link LayerPort.room} and what the optimizer knows of it, whatever
 * the number of clients.
 * @param base the checkpoint that the round started from.
 * @param made layers finished before a crash.
 */
export async function makeCandidate(
  { config }: Pick<Run, 'config'>,
  base: { readonly layers: Layers; readonly optimizer: Layers | null },
  made: Candidate,
  updates: readonly CountedUpdate[],
  port: LayerPort,
): Promise<Candidate> {
  let candidate = made;
  const missing = layoutFor(config).layers.filter(({ name }) => !made.candidate[name]);
  for (const group of grouped(missing, port.room)) {
    const stepped = await Promise.all(
      group.map(async (layer) => {
        const { name } = layer;
        const before = base.layers[name];
        if (!before) throw damaged(name);
        const state = base.optimizer?.[name] ?? null;
        const trained = updates.some((u) => u.layers.includes(name));
        const step = trained
          ? await stepUnlessTooFew(port, layer, before.sha256, state?.sha256 ?? null)
          : null;
        return { name, before, state, step };
      }),
    );
    const soFar = candidate;
    const withGroup = async (): Promise<Candidate> => {
      const written = await Promise.all(
        // R6: what nobody trained is untouched, its state too
        stepped.map(async ({ name, before, state, step }) => ({
          name,
          weights: step ? await port.write(step.weights) : before,
          state: step ? step.state && (await port.write(step.state)) : state,
        })),
      );
      return written.reduce((all, { name, weights, state }) => withLayer(all, name, weights, state), soFar);
    };
    candidate = stepped.some(({ step }) => step) ? await port.keep(withGroup) : await withGroup();
  }
  return candidate;
}

/** Layers in their order, together as long as they fit into `room` bytes. */
function grouped(layers: readonly LayerSpec[], room: number): LayerSpec[][] {
  const groups: LayerSpec[][] = [];
  let left = 0;
  for (const layer of layers) {
    const bytes = layerBytes(layer);
    const group = groups.at(-1);
    if (group && bytes <= left) group.push(layer);
    else {
      groups.push([layer]);
      left = room;
    }
    left -= bytes;
  }
  return groups;
}

/** Null for a layer that too few clients trained for the rule: it keeps its bytes. */
async function stepUnlessTooFew(
  port: LayerPort,
  layer: LayerSpec,
  before: string,
  state: string | null,
): Promise<LayerStep | null> {
  try {
    return await port.step(layer, await port.read(before), state === null ? null : await port.read(state));
  } catch (error) {
    if (!(error instanceof StrataError && error.code === 'too-few-clients')) throw error;
    await port.refused(layer.name, error);
    return null;
  }
}

function withLayer(
  { candidate, optimizer }: Candidate,
  layer: string,
  weights: Layers[string],
  state: Layers[string] | null,
): Candidate {
  return {
    candidate: { ...candidate, [layer]: weights },
    optimizer: state ? { ...optimizer, [layer]: state } : optimizer,
  };
}

/**
 * Evaluating begins. Members that hold nothing out have nothing to say: their answer is one without samples. Null
 * when the round has moved on meanwhile.
 */
export function beginEvaluating(
  { run, round }: RoundFacts,
  clients: readonly Pick<Client, 'id' | 'hello'>[],
  made: Candidate,
  now: number,
): Change | null {
  if (round.phase !== 'aggregating') return null;
  const excused = clients.filter((c) => c.hello?.heldOut === 0).map((c) => c.id);
  const evaluation = { loss: 0, accuracy: 0, samples: 0 };
  return {
    round: { ...entering(round, 'evaluating', run.config, now), ...made },
    members: new Map(excused.map((id) => [id, { evaluation }])),
    commit: null,
  };
}

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
 * @throws StrataError `too-few-clients` for a rule that needs more; `non-finite` when float32 cannot hold the result.
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
  if (firstNonFinite(values) === -1) return;
  throw new StrataError(
    'non-finite',
    `The aggregated layer ${layer} exceeds float32.`,
    'A participant sent huge values; lower the learning rate, or use a robust rule.',
  );
}

export const damaged = (layer: string): StrataError =>
  new StrataError('internal', `Layer ${layer} is not complete on disk.`, 'Restore DATA_DIR from a backup.');
