import type { Checkpoint } from '@strata/fl-core/protocol';
import { and, desc, eq, inArray, notInArray, sql } from 'drizzle-orm';
import type { HasLimits } from '../limits.ts';
import type { HasBackground } from '../live/background.ts';
import type { HasBlobs } from '../store/blobs.ts';
import { closedPhases, isRound, listMembers } from '../store/rows.ts';
import { checkpoints, members, rounds, runs } from '../store/schema.ts';
import type { HasNaming } from '../store/shared-lock.ts';
import type { HasDb } from '../store/store.ts';

type GarbagePorts = HasDb & HasBlobs & HasNaming & HasBackground & HasLimits<'keptCheckpoints'>;

/**
 * Deletes the files that a closed round leaves behind, in the background: its updates, its candidate if it was
 * abandoned, and the layers of the checkpoint that just became too old. Failing to delete harms nothing but the
 * disk, so it is logged and the round goes on.
 */
export class GarbageCollection {
  readonly #ports: GarbagePorts;

  constructor(ports: GarbagePorts) {
    this.#ports = ports;
  }

  afterRound(run: string, round: number): void {
    this.#ports.background.run(`deleting old files of ${run}`, () => deleteUnused(this.#ports, run, round));
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

type Names = HasDb & HasLimits<'keptCheckpoints'>;

async function deleteUnused(ports: Names & HasBlobs & HasNaming, run: string, round: number): Promise<void> {
  await ports.naming.exclusive(async () => {
    const names = await namedByClosedRound(ports, run, round);
    const used = await usedAmong(ports, names);
    for (const sha256 of names) if (!used.has(sha256)) await ports.blobs.remove(sha256);
  });
}

async function namedByClosedRound({ db, limits }: Names, run: string, round: number): Promise<Set<string>> {
  const names = new Set<string>();
  for (const member of await listMembers(db, run, round)) if (member.update) names.add(member.update);
  const [row] = await db
    .select({ candidate: rounds.candidate, optimizer: rounds.optimizer })
    .from(rounds)
    .where(isRound({ run, round }));
  // Two, because what follows the previous round may have been cut short by a crash.
  const old = await db
    .select({ layers: checkpoints.layers, optimizer: checkpoints.optimizer })
    .from(checkpoints)
    .where(eq(checkpoints.run, run))
    .orderBy(desc(checkpoints.round))
    .offset(limits.keptCheckpoints)
    .limit(2);
  for (const sha256 of hashesIn([row?.candidate, row?.optimizer])) names.add(sha256);
  for (const { layers, optimizer } of old)
    for (const sha256 of hashesIn([layers, optimizer])) names.add(sha256);
  return names;
}

/** Hashes of a model's layers and of its optimizer's state. */
function hashesIn(maps: readonly (Checkpoint['layers'] | null | undefined)[]): string[] {
  return maps.flatMap((layers) => Object.values(layers ?? {}).map((l) => l.sha256));
}

/** Which of the hashes something still needs: kept checkpoints, open rounds, a model's assets; of any run. */
async function usedAmong({ db, limits }: Names, hashes: ReadonlySet<string>): Promise<Set<string>> {
  const rank = sql<number>`row_number() over (partition by ${checkpoints.run} order by ${checkpoints.round} desc)`;
  const ranked = db
    .select({
      round: checkpoints.round,
      layers: checkpoints.layers,
      optimizer: checkpoints.optimizer,
      rank: rank.as('rank'),
    })
    .from(checkpoints)
    .as('ranked');
  const kept = await db
    .select({ layers: ranked.layers, optimizer: ranked.optimizer })
    .from(ranked)
    .where(sql`${ranked.round} = 0 or ${ranked.rank} <= ${limits.keptCheckpoints}`);
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
    .where(and(notInArray(rounds.phase, closedPhases), inArray(members.update, [...hashes, ''])));
  for (const { update } of updates) if (update) used.add(update);
  return used;
}
