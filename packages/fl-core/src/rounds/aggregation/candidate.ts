import type { LayerSpec } from '../../models/layouts.ts';
import { StrataError } from '../../protocol/index.ts';
import { type Change, entering, type Standing } from '../change.ts';
import { layoutFor, trainedLayers } from '../layout.ts';
import type { Client, Layers, Member, Run } from '../types.ts';
import { damaged, type LayerStep } from './step-layer.ts';

/** The model that a round makes, as far as it has come. */
export interface Candidate {
  readonly candidate: Layers;
  /** The server optimizer's state of every layer that was ever trained; null when it keeps none. */
  readonly optimizer: Layers | null;
}

/** An update that counts. */
export interface CountedUpdate {
  readonly client: string;
  /** d_i, the number of training samples. */
  readonly samples: number;
  /** Layers it holds. */
  readonly layers: readonly string[];
  /** Its hash. */
  readonly update: string;
}

/** The updates of a round, in client-id order (R7). */
export function countedUpdates({ config }: Pick<Run, 'config'>, cohort: readonly Member[]): CountedUpdate[] {
  const layout = layoutFor(config);
  return cohort.flatMap(({ client, samples, mask, update }) =>
    update === null ? [] : [{ client, samples, layers: trainedLayers(layout, mask ?? []), update }],
  );
}

/** Where the layers of a model lie, and who steps one. */
export interface LayerPort {
  /** `stepLayer` with the round's updates, here or in a thread: the same bytes either way. */
  step(layer: LayerSpec, before: Uint8Array, state: Uint8Array | null): Promise<LayerStep>;
  read(sha256: string): Promise<Uint8Array>;
  /** Writes a layer, or an optimizer's state of one, under its hash. */
  write(bytes: Uint8Array): Promise<Layers[string]>;
  /**
   * Runs `make`, which writes a finished layer, and names what it wrote in the round: whatever is written and named
   * survives a crash, and is not made again.
   */
  keep(make: () => Promise<Candidate>): Promise<Candidate>;
  /** A layer keeps its bytes because too few clients trained it for the rule; for the log. */
  refused(layer: string, why: StrataError): Promise<void>;
}

/**
 * A layer at a time (R6, R7): memory is that of one layer and what the optimizer knows of it, whatever the number of
 * clients.
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
  for (const layer of layoutFor(config).layers) {
    const { name } = layer;
    const before = base.layers[name];
    if (!before) throw damaged(name);
    if (candidate.candidate[name]) continue;
    const state = base.optimizer?.[name] ?? null;
    const trained = updates.some((u) => u.layers.includes(name));
    const step = trained ? await stepUnlessTooFew(port, layer, before.sha256, state?.sha256 ?? null) : null;
    const soFar = candidate;
    candidate = step
      ? await port.keep(async () => {
          const weights = await port.write(step.weights);
          return withLayer(soFar, name, weights, step.state && (await port.write(step.state)));
        })
      : withLayer(soFar, name, before, state); // R6: untouched, its state too
  }
  return candidate;
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
  { run, round }: Standing,
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
