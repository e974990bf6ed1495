import {
  beginEvaluating,
  type CountedUpdate,
  countedUpdates,
  type LayerPort,
  makeCandidate,
  type RoundStatus,
  statusOf,
} from '@strata/fl-core/rounds';
import { and, eq } from 'drizzle-orm';
import { rounds } from '../../store/schema.ts';
import type { Context } from '../context.ts';
import { logEvent } from '../events.ts';
import { findRound, getCheckpoint, getRun, listClients, listMembers, type RunRow } from '../rows.ts';
import { lockExisting, moveRound } from '../transitions.ts';
import { LayerSteps } from './layer-steps.ts';
import type { SpooledUpdate } from './spooled-updates.ts';

/** Makes the round's candidate model and begins evaluating. Idempotent. */
export async function aggregateRound(context: Context, runId: string, number: number): Promise<RoundStatus> {
  const { db } = context;
  const row = await findRound(db, runId, number);
  if (row?.phase !== 'aggregating') return statusOf(await lockExisting(db, runId, number));
  const run = await getRun(db, runId);
  const base = await getCheckpoint(db, runId, row.baseRound);
  const updates = countedUpdates(run, await listMembers(db, runId, number));
  const steps = new LayerSteps();
  const begun = { candidate: row.candidate ?? {}, optimizer: row.optimizer };
  const port = await layerPort(context, run, number, updates, steps);
  const made = await makeCandidate(run, base, begun, updates, port).finally(() => steps.close());

  const { round } = await moveRound(context, runId, number, async (standing, tx) => {
    const ids = standing.cohort.map((m) => m.client);
    return beginEvaluating(standing, await listClients(tx, runId, ids), made, Date.now());
  });
  await logEvent(context, runId, {
    kind: 'aggregated',
    round: number,
    message: `${updates.length} updates were aggregated; the cohort evaluates the result.`,
  });
  context.bus.changed(runId);
  return statusOf(round);
}

/** Layers are blobs; those finished before a crash are in the round's row, with their optimizer state. */
async function layerPort(
  context: Context,
  { id, config }: RunRow,
  round: number,
  updates: readonly CountedUpdate[],
  steps: LayerSteps,
): Promise<LayerPort> {
  const { blobs, db } = context;
  const spooled: SpooledUpdate[] = [];
  for (const u of updates) spooled.push({ ...u, path: await blobs.path(u.update) });
  return {
    step: (layer, before, state) => steps.step(config.aggregation, layer, before, state, spooled),
    read: (sha256) => blobs.read(sha256),
    write: (bytes) => blobs.put(bytes),
    keep: (make) =>
      context.naming.shared(async () => {
        const made = await make();
        await db
          .update(rounds)
          .set(made)
          .where(and(eq(rounds.run, id), eq(rounds.round, round), eq(rounds.phase, 'aggregating')));
        return made;
      }),
    refused: (layer, { message, hint }) =>
      logEvent(context, id, {
        level: 'warning',
        kind: 'layer-refused',
        round,
        message: `Layer ${layer} stays as it was: ${message} ${hint}`,
      }),
  };
}
