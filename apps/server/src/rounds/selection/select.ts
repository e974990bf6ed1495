import { selectableLayers } from '@strata/fl-core/models/layouts';
import {
  type Chosen,
  keepTimely,
  layoutFor,
  maskDiagnostics,
  membersToTrain,
  pricesFor,
  selectionPlan,
  type Trainer,
  timedClients,
} from '@strata/fl-core/rounds';
import { carryMasks, type SelectionHistory, type SelectionInput } from '@strata/fl-core/selection';
import { and, eq } from 'drizzle-orm';
import { members } from '../../store/schema.ts';
import type { Context, Queryable } from '../context.ts';
import { logEvent } from '../events.ts';
import {
  countCommitted,
  findRound,
  getRun,
  listMembers,
  type MemberRow,
  type RoundRow,
  type RunRow,
} from '../rows.ts';
import { enterPhase, lockExisting, type RoundStatus, statusOf } from '../transitions.ts';
import { chooseAside } from './choose-aside.ts';
import { earlierMasks, earlierProbes } from './earlier.ts';

/** Chooses the layers of every member that is still there and begins training. Idempotent. */
export async function selectLayers(context: Context, runId: string, round: number): Promise<RoundStatus> {
  const { db } = context;
  const row = await findRound(db, runId, round);
  if (row?.phase !== 'selecting') return statusOf(await lockExisting(db, runId, round));
  const run = await getRun(db, runId);
  const cohort = await listMembers(db, runId, round);
  const { chosen, changes } = await chooseForRound(context, run, row, cohort);

  const after = await db.transaction(async (tx) => {
    const locked = await lockExisting(tx, runId, round);
    if (locked.phase !== 'selecting') return locked;
    for (const [client, change] of changes) {
      await tx
        .update(members)
        .set(change)
        .where(and(eq(members.run, runId), eq(members.round, round), eq(members.client, client)));
    }
    const { objective, bound, proved, history } = chosen;
    return enterPhase(tx, locked, 'training', run.config, {
      selection: {
        ...(objective === undefined ? {} : { objective }),
        ...(bound === undefined ? {} : { bound }),
        ...(proved === undefined ? {} : { proved }),
      },
      history: history ?? null,
      ...maskDiagnostics(
        run,
        cohort.flatMap((m) => (changes.has(m.client) ? [{ ...m, ...changes.get(m.client) }] : [])),
      ),
    });
  });
  await logEvent(context, runId, {
    kind: 'layers-selected',
    round,
    message: `Layers were chosen for ${changes.size} clients; training began.`,
  });
  context.bus.changed(runId);
  return statusOf(after);
}

interface RoundChoice {
  readonly chosen: Chosen;
  /** What becomes of each member that trains. */
  readonly changes: ReadonlyMap<string, Pick<MemberRow, 'mask' | 'smoothed' | 'cost'>>;
}

async function chooseForRound(
  { db }: Context,
  run: RunRow,
  row: RoundRow,
  cohort: readonly MemberRow[],
): Promise<RoundChoice> {
  const { config, id } = run;
  const layers = selectableLayers(layoutFor(config));
  const committed = await countCommitted(db, id);
  const plan = selectionPlan(config, committed);
  const present = cohort.filter((m) => !m.left).map((m) => m.client);
  const earlier = await earlierProbes(db, id, present);
  const training = membersToTrain(config, row.round, cohort, plan, earlier);
  const trainers = training.map((m) => m.trainer);
  const prices = pricesFor(config, layers, trainers);
  const input: SelectionInput = {
    layers,
    costs: prices.costs,
    clients: trainers.map(({ id, samples, scores }, i) => ({
      id,
      samples,
      budget: prices.budgets[i]!,
      scores,
    })),
    round: plan.turn,
    seed: config.seed,
  };
  const history = run.committedRound === 0 ? null : await historyAfter(db, id, run.committedRound);
  const timed = config.budget.unit === 'milliseconds' ? timedClients(trainers) : null;
  const chosen = plan.due
    ? await chooseAside({ strategy: config.strategy, input, history, timed })
    : await keepMasks(db, run, trainers, input, committed, history);
  const changes = training.map(({ trainer, smoothed }) => {
    const mask = [...(chosen.masks[trainer.id] ?? [])];
    return [trainer.id, { mask, cost: prices.costOf(trainer, mask), smoothed }] as const;
  });
  return { chosen, changes: new Map(changes) };
}

async function historyAfter(db: Queryable, run: string, round: number): Promise<SelectionHistory | null> {
  return (await findRound(db, run, round))?.history ?? null;
}

/** Nothing is chosen in this round: the masks since the last choice stay, and what the strategy remembers too. */
async function keepMasks(
  db: Queryable,
  { id, config }: RunRow,
  trainers: readonly Trainer[],
  input: SelectionInput,
  committed: number,
  history: SelectionHistory | null,
): Promise<Chosen> {
  const earlier = await earlierMasks(db, id, committed % config.selection.every);
  const masks = keepTimely(config, input.layers, trainers, earlier, carryMasks(earlier, input));
  return { masks, ...(history ? { history } : {}) };
}
