import { alwaysTrained, type LayerSpec, layerBytes } from '../models/layouts.ts';
import { type Checkpoint, type KeptStates, StrataError, toldBy } from '../protocol/index.ts';
import { strategyNamed } from '../selection/index.ts';
import { meanTau, type Taus, tausSince } from './buffered/staleness.ts';
import { countedSamples } from './claims.ts';
import { damaged, type LayerStep } from './layer-step.ts';
import { layoutFor, trainedLayers } from './layout.ts';
import { entering } from './phase.ts';
import type { noisedShare } from './privacy/clip.ts';
import { withModel } from './privacy/spending.ts';
import { trainedShare } from './time-box.ts';
import type { Change, Client, Layers, Member, RoundFacts, Run } from './types.ts';

/** From the updates that count to the model that the cohort evaluates, layer by layer (R6, R7). */

/** The model that a round makes, as far as it has come. */
export interface Candidate {
  readonly candidate: Layers;
  /** What the server keeps of every layer that was ever trained; null when it keeps nothing. */
  readonly optimizer: KeptStates | null;
}

/** An update that counts. */
export interface CountedUpdate {
  readonly client: string;
  /** d_i, the training samples that count; of an update of a part of its steps, that part of them. */
  readonly samples: number;
  /** Layers it holds. */
  readonly layers: readonly string[];
  /** Its hash. */
  readonly update: string;
  /** L2 norm of all its values; infinite where it was not measured, so that under a clip it counts for nothing. */
  readonly length: number;
  /** How often its layers were changed since its copy; none in a run that is played in rounds. */
  readonly taus: Taus;
}

/**
 * The updates of a round, in client-id order (R7).
 * @param models of a buffered run: committed ones, oldest first, from the oldest that an update is of to the newest.
 */
export function countedUpdates(
  { config }: Pick<Run, 'config'>,
  cohort: readonly Member[],
  models: readonly Checkpoint[] = [],
): CountedUpdate[] {
  const layout = layoutFor(config);
  const trained = cohort.filter((m) => m.update !== null);
  const claims = countedSamples(config, trained);
  return trained.flatMap((member) => {
    const { client, mask, update, updateLength, given } = member;
    const samples = (claims.get(client)?.counted ?? 0) * trainedShare(member);
    if (update === null) return [];
    const length = updateLength ?? Number.POSITIVE_INFINITY;
    const taus = given === null ? {} : tausSince(models, given.base);
    return [{ client, samples, layers: trainedLayers(layout, mask ?? []), update, length, taus }];
  });
}

/** Where the layers of a model lie, and who steps one. */
export interface LayerPort {
  /** Bytes of layers that may be made at once; one layer may be larger. */
  readonly room: number;
  /** Does the work of layers that are made at once; whoever keeps the round may measure it. */
  together<T>(layers: readonly LayerSpec[], work: () => Promise<T>): Promise<T>;
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
 * @param anyway layers that a step is made of although nobody has trained them: that nobody has is then in no model to see.
 */
export async function makeCandidate(
  { config }: Pick<Run, 'config'>,
  base: { readonly layers: Layers; readonly optimizer: KeptStates | null },
  made: Candidate,
  updates: readonly CountedUpdate[],
  port: LayerPort,
  anyway: readonly string[] = [],
): Promise<Candidate> {
  let candidate = made;
  const heads = alwaysTrained(layoutFor(config));
  // Layers stay where a head is computed of what leaves them.
  const recycles = recyclesUpdates(config) && updates.some((u) => u.layers.some((l) => !heads.includes(l)));
  const missing = layoutFor(config).layers.filter(({ name }) => !made.candidate[name]);
  const makeGroup = async (group: readonly LayerSpec[], soFar: Candidate): Promise<Candidate> => {
    const stepped = await Promise.all(
      group.map(async (layer) => {
        const { name } = layer;
        const before = base.layers[name];
        if (!before) throw damaged(name);
        const state = base.optimizer?.[name] ?? null;
        const trained = anyway.includes(name) || updates.some((u) => u.layers.includes(name));
        // Without updates the step is the layer's last change once more.
        const steps = trained || (recycles && state !== null);
        const step = steps ? await stepUnlessTooFew(port, layer, before.sha256, state?.sha256 ?? null) : null;
        return { name, before, state, step };
      }),
    );
    const withGroup = async (): Promise<Candidate> => {
      const written = await Promise.all(
        // R6: what nobody trained is untouched, its state too, unless the strategy recycles
        stepped.map(async ({ name, before, state, step }) => ({
          name,
          weights: step ? await port.write(step.weights) : before,
          state: step ? await writeState(port, step, state) : state,
        })),
      );
      return written.reduce((all, { name, weights, state }) => withLayer(all, name, weights, state), soFar);
    };
    return stepped.some(({ step }) => step) ? port.keep(withGroup) : withGroup();
  };
  for (const group of grouped(missing, port.room)) {
    const soFar = candidate;
    candidate = await port.together(group, () => makeGroup(group, soFar));
  }
  return candidate;
}

/** Whether layers that nobody trains move on by their last change. */
export const recyclesUpdates = ({ strategy }: Run['config']): boolean =>
  strategyNamed(strategy.name).recycles;

async function writeState(
  port: LayerPort,
  { state, relativeChange }: LayerStep,
  before: KeptStates[string] | null,
): Promise<KeptStates[string] | null> {
  if (state === null) return null;
  const change = relativeChange ?? before?.relativeChange;
  return { ...(await port.write(state)), ...(change === undefined ? {} : { relativeChange: change }) };
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
  state: KeptStates[string] | null,
): Candidate {
  return {
    candidate: { ...candidate, [layer]: weights },
    optimizer: state ? { ...optimizer, [layer]: state } : optimizer,
  };
}

/**
 * Evaluating begins. Members that hold nothing out, or may not tell, have nothing to say: their answer is one without
 * samples; nor are those of a buffered run asked who are still at work. Null when the round has moved on meanwhile. The
 * candidate is sent out from here on: what its noise spends is recorded with it.
 * @param share see {@link noisedShare}.
 * @param updates that it was made of.
 */
export function beginEvaluating(
  { run, round, cohort, released }: RoundFacts,
  clients: readonly Pick<Client, 'id' | 'hello'>[],
  made: Candidate,
  share: Awaited<ReturnType<typeof noisedShare>>,
  updates: readonly CountedUpdate[],
  now: number,
): Change | null {
  if (round.phase !== 'aggregating') return null;
  const busy = cohort.filter((m) => m.given !== null && m.update === null).map((m) => m.client);
  const asksNobody = toldBy(run.config) === 'nothing';
  const silent = clients.filter((c) => asksNobody || c.hello?.heldOut === 0).map((c) => c.id);
  const excused = new Set([...silent, ...busy]);
  const evaluation = { loss: 0, accuracy: 0, samples: 0 };
  const ages = new Map(updates.map((u) => [u.client, meanTau(u)]));
  return {
    round: {
      ...entering(round, 'evaluating', run.config, now),
      ...made,
      privacy: withModel(run.config, released, round.privacy, share),
    },
    members: new Map(
      cohort.map(({ client, given, update }) => [
        client,
        {
          ...(excused.has(client) ? { evaluation } : {}),
          ...(given !== null && update !== null ? { staleness: ages.get(client) ?? 0 } : {}),
        },
      ]),
    ),
    commit: null,
  };
}
