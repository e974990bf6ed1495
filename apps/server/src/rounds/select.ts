import { alwaysTrained, type ModelLayout, selectableLayers } from '@strata/fl-core/models/layouts';
import { createStrategy, type Selection } from '@strata/fl-core/selection';
import { and, eq } from 'drizzle-orm';
import { members } from '../store/schema.ts';
import type { Context } from './context.ts';
import { logEvent } from './events.ts';
import { layoutFor } from './layout.ts';
import { findRound, getRun, listMembers, type MemberRow, type RunRow } from './rows.ts';
import { enterPhase, lockExisting, type RoundStatus, statusOf } from './transitions.ts';

/** Layers of an update: the mask and what is always trained, in forward order. */
export function trainedLayers(layout: ModelLayout, mask: readonly string[]): string[] {
  const trained = new Set([...mask, ...alwaysTrained(layout)]);
  return layout.layers.map((l) => l.name).filter((name) => trained.has(name));
}

/** Chooses the layers of every member that is still there and begins training. Idempotent. */
export async function selectLayers(context: Context, runId: string, round: number): Promise<RoundStatus> {
  const { db } = context;
  const row = await findRound(db, runId, round);
  if (row && row.phase !== 'selecting') return statusOf(row);
  const run = await getRun(db, runId);
  const cohort = await listMembers(db, runId, round);
  const needsScores = createStrategy(run.config.strategy).needs === 'scores' && cohort.some((m) => m.scores);
  const trainers = cohort.filter((m) => !m.left && (m.scores !== null || !needsScores));
  const selection = chooseMasks(run, round, trainers);

  const after = await db.transaction(async (tx) => {
    const locked = await lockExisting(tx, runId, round);
    if (locked.phase !== 'selecting') return locked;
    for (const { client } of trainers) {
      await tx
        .update(members)
        .set({ mask: [...(selection.masks[client] ?? [])] })
        .where(and(eq(members.run, runId), eq(members.round, round), eq(members.client, client)));
    }
    const { objective, bound, proved } = selection;
    return enterPhase(tx, locked, 'training', run.config, {
      selection: {
        ...(objective === undefined ? {} : { objective }),
        ...(bound === undefined ? {} : { bound }),
        ...(proved === undefined ? {} : { proved }),
      },
    });
  });
  await logEvent(context, runId, {
    kind: 'layers-selected',
    round,
    message: `Layers were chosen for ${trainers.length} clients; training began.`,
  });
  context.bus.changed(runId);
  return statusOf(after);
}

function chooseMasks(run: RunRow, round: number, trainers: MemberRow[]): Selection {
  const layers = selectableLayers(layoutFor(run.config));
  if (layers.length === 0 || trainers.length === 0) return { masks: {} };
  return createStrategy(run.config.strategy).select({
    layers,
    costs: layers.map(() => 1), // the budget's unit is the layer
    clients: trainers.map(({ client, samples, budget, scores }) => ({
      id: client,
      samples,
      budget,
      scores: scores === null ? null : layers.map((layer) => scores[layer] ?? 0),
    })),
    round,
    seed: run.config.seed,
  });
}
