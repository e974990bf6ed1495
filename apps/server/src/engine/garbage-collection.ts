import type { Checkpoint, RunConfig } from '@strata/fl-core/protocol';
import { type CommittedModel, keptRounds, newestKept } from '@strata/fl-core/rounds';
import { and, desc, eq, inArray, notInArray, sql } from 'drizzle-orm';
import type { HasLimits } from '../limits.ts';
import type { HasBackground } from '../live/background.ts';
import type { HasBlobs } from '../store/blobs.ts';
import { closedPhases, isRound, listMembers } from '../store/rows.ts';
import { checkpoints, members, rounds, runs } from '../store/schema.ts';
import type { HasNaming } from '../store/shared-lock.ts';
import type { HasDb, Queryable } from '../store/store.ts';

type GarbagePorts = HasDb & HasBlobs & HasNaming & HasBackground & HasLimits<'keptCheckpoints'>;

/**
 * Deletes the files that a closed round leaves behind, in the background: its updates, its candidate if it was
 * abandoned, and the layers of the checkpoint that just became too old. Failing to delete harms nothing but the
 * disk, so it is logged and the round goes on.
 */
export class GarbageCollection {
  readonly #ports: GarbagePorts;
  /** What is copied meanwhile must stay. */
  readonly #holds = new Set<Promise<void>>();

  constructor(ports: GarbagePorts) {
    this.#ports = ports;
  }

  afterRound(run: string, round: number): void {
    this.#ports.background.run('deleting old files', { run, round }, async () => {
      while (this.#holds.size > 0) await Promise.all(this.#holds);
      await deleteUnused(this.#ports, run, round);
    });
  }

  /** From now on nothing is deleted after rounds, until the answer is called. What is being deleted just now is waited for. */
  async hold(): Promise<() => void> {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.#holds.add(held);
    await this.#ports.naming.shared(async () => {});
    return () => {
      this.#holds.delete(held);
      release();
    };
  }

  /** What a crash may have kept from being deleted after the newest rounds. */
  async afterRestart(run: string): Promise<void> {
    const newest = await this.#ports.db
      .select({ round: rounds.round })
      .from(rounds)
      .where(and(eq(rounds.run, run), inArray(rounds.phase, closedPhases)))
      .orderBy(desc(rounds.round))
      .limit(2);
    for (const { round } of newest) this.afterRound(run, round);
  }
}

export interface HasGarbage {
  readonly garbage: GarbageCollection;
}

type Names = { readonly db: Queryable } & HasLimits<'keptCheckpoints'>;

async function deleteUnused(ports: Names & HasBlobs & HasNaming, run: string, round: number): Promise<void> {
  await ports.naming.exclusive(async (stillMine) => {
    const names = await namedByClosedRound(ports, run, round);
    const used = await usedAmong(ports, names);
    for (const sha256 of names) {
      if (used.has(sha256)) continue;
      await stillMine();
      await ports.blobs.remove(sha256);
    }
  });
}

async function namedByClosedRound({ db, limits }: Names, run: string, round: number): Promise<Set<string>> {
  const names = new Set<string>();
  for (const member of await listMembers(db, run, round)) if (member.update) names.add(member.update);
  const [row] = await db
    .select({ candidate: rounds.candidate, optimizer: rounds.optimizer })
    .from(rounds)
    .where(isRound({ run, round }));
  const old = await layersOf(db, await droppedBy({ db, limits }, run, round));
  for (const sha256 of hashesIn([row?.candidate, row?.optimizer])) names.add(sha256);
  for (const { layers, optimizer } of old)
    for (const sha256 of hashesIn([layers, optimizer])) names.add(sha256);
  return names;
}

type Model = readonly [run: string, round: number];

/** Committed models as retention looks at them, by run; of one run, or of all. */
async function modelsByRun(db: Queryable, run: string | null) {
  const rows = await db
    .select({ run: checkpoints.run, round: checkpoints.round, heldOut: rounds.heldOut, config: runs.config })
    .from(checkpoints)
    .innerJoin(runs, eq(runs.id, checkpoints.run))
    .leftJoin(rounds, and(eq(rounds.run, checkpoints.run), eq(rounds.round, checkpoints.round)))
    .where(run === null ? undefined : eq(checkpoints.run, run))
    .orderBy(checkpoints.run, checkpoints.round);
  const byRun = new Map<string, { config: RunConfig; models: CommittedModel[] }>();
  for (const { run: id, round, heldOut, config } of rows) {
    const known = byRun.get(id) ?? { config, models: [] };
    known.models.push({ round, loss: heldOut?.loss ?? null });
    byRun.set(id, known);
  }
  return byRun;
}

/** A server keeps no fewer of the newest than its limit, whatever a run wants. */
function keptOf(config: RunConfig, models: readonly CommittedModel[], { limits }: Omit<Names, 'db'>) {
  const last = Math.max(newestKept(config), limits.keptCheckpoints);
  return keptRounds({ retention: { ...config.retention, last } }, models);
}

async function keptModels({ db, limits }: Names): Promise<Model[]> {
  const kept: Model[] = [];
  for (const [run, { config, models }] of await modelsByRun(db, null)) {
    for (const round of keptOf(config, models, { limits })) kept.push([run, round]);
  }
  return kept;
}

/**
 * Models that a round, or the one before it, has made unneeded: two, because what follows the previous round may have
 * been cut short by a crash. By then others may have been committed.
 */
async function droppedBy({ db, limits }: Names, run: string, round: number): Promise<Model[]> {
  const { config, models } = (await modelsByRun(db, run)).get(run) ?? {};
  if (config === undefined || models === undefined) return [];
  const kept = keptOf(config, models, { limits });
  const until = models.filter((model) => model.round <= round);
  const before = [1, 2].flatMap((n) => [...keptOf(config, until.slice(0, -n), { limits })]);
  return [...new Set(before)].filter((dropped) => !kept.has(dropped)).map((dropped) => [run, dropped]);
}

async function layersOf(db: Queryable, models: readonly Model[]) {
  return db
    .select({ layers: checkpoints.layers, optimizer: checkpoints.optimizer })
    .from(checkpoints)
    .where(
      sql`(${checkpoints.run}, ${checkpoints.round}) in
        (select m ->> 0, (m ->> 1)::int from jsonb_array_elements(${JSON.stringify(models)}::jsonb) m)`,
    );
}

/** Hashes of a model's layers and of its optimizer's state. */
export function hashesIn(maps: readonly (Checkpoint['layers'] | null | undefined)[]): string[] {
  return maps.flatMap((layers) => Object.values(layers ?? {}).map((l) => l.sha256));
}

/**
 * Which of the hashes something still needs: kept checkpoints, open rounds, a model's assets; of any run. Others that are
 * needed may be among the answer; of `all`, they are.
 */
export async function usedAmong(
  { db, limits }: Names,
  hashes: ReadonlySet<string> | 'all',
): Promise<Set<string>> {
  const kept = await layersOf(db, await keptModels({ db, limits }));
  const open = await db.select().from(rounds).where(notInArray(rounds.phase, closedPhases));
  const used = new Set([
    ...kept.flatMap((k) => hashesIn([k.layers, k.optimizer])),
    ...open.flatMap((r) => hashesIn([r.candidate, r.optimizer])),
  ]);
  for (const { assets } of await db.select({ assets: runs.assets }).from(runs)) {
    for (const sha256 of Object.values(assets)) used.add(sha256);
  }
  const updates = await db
    .select({ update: members.update })
    .from(members)
    .innerJoin(rounds, and(eq(rounds.run, members.run), eq(rounds.round, members.round)))
    .where(
      and(
        notInArray(rounds.phase, closedPhases),
        hashes === 'all' ? undefined : inArray(members.update, [...hashes, '']),
      ),
    );
  for (const { update } of updates) if (update) used.add(update);
  return used;
}
