import { AggregationError } from '@strata/fl-core/aggregation';
import type { LayerSpec } from '@strata/fl-core/models/layouts';
import type { Checkpoint } from '@strata/fl-core/protocol';
import { layoutFor, trainedLayers } from '@strata/fl-core/rounds';
import { and, eq, inArray } from 'drizzle-orm';
import { members, rounds } from '../../store/schema.ts';
import type { Context, Queryable } from '../context.ts';
import { logEvent } from '../events.ts';
import {
  findRound,
  getCheckpoint,
  getRun,
  listClients,
  listMembers,
  type RoundRow,
  type RunRow,
} from '../rows.ts';
import { enterPhase, lockExisting, type RoundStatus, statusOf } from '../transitions.ts';
import type { LayerStep } from './layer-step.ts';
import { LayerSteps } from './layer-steps.ts';
import { damaged, type SpooledUpdate } from './spooled-updates.ts';

type Layers = Checkpoint['layers'];

/** The model that a round makes, as far as it has come. */
interface Candidate {
  readonly candidate: Layers;
  /** The server optimizer's state of every layer that was ever trained; null when it keeps none. */
  readonly optimizer: Layers | null;
}

/** What every layer of a round is made with. */
interface Making {
  readonly context: Context;
  readonly run: RunRow;
  readonly round: number;
  readonly updates: readonly SpooledUpdate[];
  readonly steps: LayerSteps;
}

/** Makes the round's candidate model and begins evaluating. Idempotent. */
export async function aggregateRound(context: Context, runId: string, round: number): Promise<RoundStatus> {
  const { db } = context;
  const row = await findRound(db, runId, round);
  if (row?.phase !== 'aggregating') return statusOf(await lockExisting(db, runId, round));
  const run = await getRun(db, runId);
  const updates = await countedUpdates(context, run, round);
  const steps = new LayerSteps();
  const made = await makeCandidate({ context, run, round, updates, steps }, row).finally(() => steps.close());

  const after = await db.transaction(async (tx) => {
    const locked = await lockExisting(tx, runId, round);
    if (locked.phase !== 'aggregating') return locked;
    await excuseFromEvaluating(tx, runId, round);
    return enterPhase(tx, locked, 'evaluating', run.config, made);
  });
  await logEvent(context, runId, {
    kind: 'aggregated',
    round,
    message: `${updates.length} updates were aggregated; the cohort evaluates the result.`,
  });
  context.bus.changed(runId);
  return statusOf(after);
}

async function countedUpdates(context: Context, run: RunRow, round: number): Promise<SpooledUpdate[]> {
  const layout = layoutFor(run.config);
  const updates: SpooledUpdate[] = [];
  for (const { client, samples, mask, update } of await listMembers(context.db, run.id, round)) {
    if (update === null) continue;
    const layers = trainedLayers(layout, mask ?? []);
    updates.push({ client, samples, layers, path: await context.blobs.path(update) });
  }
  return updates;
}

/**
 * A layer at a time (R6, R7): memory is that of one layer and what the optimizer knows of it, whatever the number of
 * clients. Layers finished before a crash are in the round's row, with their optimizer state, and not made again.
 */
async function makeCandidate(making: Making, row: RoundRow): Promise<Candidate> {
  const { context, run } = making;
  const base = await getCheckpoint(context.db, run.id, row.baseRound);
  let made: Candidate = { candidate: row.candidate ?? {}, optimizer: row.optimizer };
  for (const layer of layoutFor(run.config).layers) {
    const before = base.layers[layer.name];
    if (!before) throw damaged(layer.name);
    if (made.candidate[layer.name]) continue;
    const state = base.optimizer?.[layer.name] ?? null;
    const step = await stepIfTrained(making, layer, before.sha256, state?.sha256 ?? null);
    made = step ? await keepStep(making, layer.name, made, step) : withLayer(made, layer.name, before, state); // R6: untouched, its state too
  }
  return made;
}

/** Null for a layer that keeps its bytes: nobody trained it, or too few for the rule, which the log then says. */
async function stepIfTrained(
  { context, run, round, updates, steps }: Making,
  layer: LayerSpec,
  before: string,
  state: string | null,
): Promise<LayerStep | null> {
  if (!updates.some((u) => u.layers.includes(layer.name))) return null;
  const { blobs } = context;
  try {
    return await steps.step(
      run.config.aggregation,
      layer,
      await blobs.read(before),
      state === null ? null : await blobs.read(state),
      updates,
    );
  } catch (error) {
    if (!(error instanceof AggregationError && error.code === 'too-few-clients')) throw error;
    await logEvent(context, run.id, {
      level: 'warning',
      kind: 'layer-refused',
      round,
      message: `Layer ${layer.name} stays as it was: ${error.message} ${error.hint}`,
    });
    return null;
  }
}

/** Writes a finished layer and names it in the round's row, with its state: both or none survive a crash. */
function keepStep(
  { context, run, round }: Making,
  layer: string,
  made: Candidate,
  { weights, state }: LayerStep,
): Promise<Candidate> {
  return context.naming.shared(async () => {
    const blob = await context.blobs.put(weights);
    const next = withLayer(made, layer, blob, state && (await context.blobs.put(state)));
    await context.db
      .update(rounds)
      .set(next)
      .where(and(eq(rounds.run, run.id), eq(rounds.round, round), eq(rounds.phase, 'aggregating')));
    return next;
  });
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

/** Members that hold nothing out have nothing to say: their answer is one without samples. */
async function excuseFromEvaluating(tx: Queryable, run: string, round: number): Promise<void> {
  const cohort = await listMembers(tx, run, round);
  const rows = await listClients(
    tx,
    run,
    cohort.map((m) => m.client),
  );
  const excused = rows.filter((c) => c.hello?.heldOut === 0).map((c) => c.id);
  if (excused.length === 0) return;
  await tx
    .update(members)
    .set({ evaluation: { loss: 0, accuracy: 0, samples: 0 } })
    .where(and(eq(members.run, run), eq(members.round, round), inArray(members.client, excused)));
}
