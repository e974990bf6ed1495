import { isRunOver } from '@strata/fl-core/rounds';
import { eq } from 'drizzle-orm';
import type { FastifyBaseLogger } from 'fastify';
import type { HasLimits } from '../limits.ts';
import { outsideWorkflow } from '../live/background.ts';
import { now } from '../live/clock.ts';
import { appendAudit } from '../store/audit-log.ts';
import { isRound, openRound } from '../store/rows.ts';
import { clients, draws, events, invitations, members, rounds, runs, sealings } from '../store/schema.ts';
import type { HasDb } from '../store/store.ts';
import type { HasEvents } from '../views/event-log.ts';
import { claimedSpending, roundSummary } from '../views/summed-up.ts';
import { type DeletePorts, deleteRun } from './deletion.ts';

type ErasurePorts = DeletePorts & HasEvents & HasLimits<'erasureMs'> & { readonly log: FastifyBaseLogger };

const dayMs = 86_400_000;
/** In whose name it goes on record. */
const by = 'retention';

/** Deletes what the `retention` of runs that are over no longer lets be kept: at the start, and every `limits.erasureMs`. */
export class Erasure {
  readonly #ports: ErasurePorts;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(ports: ErasurePorts) {
    this.#ports = ports;
  }

  start(): void {
    if (this.#closed) return;
    this.#looking = outsideWorkflow(() => this.look()).catch((error: unknown) =>
      // A database that is away is there again an hour later.
      this.#ports.log.warn({ err: error }, 'what is kept too long could not be looked for'),
    );
    this.#timer = setTimeout(() => this.start(), this.#ports.limits.erasureMs);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#looking;
  }

  /** Looks at all runs once. */
  async look(): Promise<void> {
    const { db, log } = this.#ports;
    const all = await db
      .select({ id: runs.id, config: runs.config, ended: runs.endedAt, state: runs.state })
      .from(runs);
    for (const { id, config, ended, state } of all) {
      if (this.#closed) return;
      if (!isRunOver({ state }) || ended === null || (await openRound(db, id)) !== null) continue;
      const isOver = (days: number | null) => days !== null && ended.getTime() + days * dayMs <= now();
      try {
        if (isOver(config.retention.run)) await deleteRun(this.#ports, id, by);
        else if (isOver(config.retention.participants)) await eraseParticipants(this.#ports, id);
      } catch (error) {
        log.warn({ err: error, run: id }, 'what is kept of a run too long could not be deleted');
      }
    }
  }
}

/**
 * Deletes what there is of single participants in a run that is over: who they were, what they answered, whom cohorts were
 * drawn from, invitations, and the log, whose lines name them. What rounds came to in sum stays, models, and the audit
 * log. Does nothing where there is nothing.
 */
async function eraseParticipants({ db, events: log }: HasDb & HasEvents, run: string): Promise<void> {
  const erased = await db.transaction(async (tx) => {
    // Two servers may look at the same time.
    const [row] = await tx.select().from(runs).where(eq(runs.id, run)).for('update');
    const [someone] = await tx.select({ id: clients.id }).from(clients).where(eq(clients.run, run)).limit(1);
    if (!row || !someone) return false;
    for (const round of await tx.select().from(rounds).where(eq(rounds.run, run))) {
      const { summary } = await roundSummary(tx, row, round);
      // A strategy remembers some of it by participant.
      await tx
        .update(rounds)
        .set({ summary, history: null })
        .where(isRound({ run, round: round.round }));
    }
    if (row.config.privacy.kind === 'sample' && row.spent === null) {
      await tx
        .update(runs)
        .set({ spent: await claimedSpending(tx, run) })
        .where(eq(runs.id, run));
    }
    const participants = (await tx.delete(clients).where(eq(clients.run, run)).returning({ id: clients.id }))
      .length;
    const answers = (await tx.delete(members).where(eq(members.run, run)).returning({ id: members.client }))
      .length;
    for (const table of [sealings, draws, invitations, events])
      await tx.delete(table).where(eq(table.run, run));
    const details = { participants: String(participants), answers: String(answers) };
    await appendAudit(tx, { who: by, kind: 'participants-erased', run, details });
    return true;
  });
  if (!erased) return;
  await log.add(run, {
    kind: 'participants-erased',
    message:
      'What was kept of single participants is deleted, with the log up to here, as the run’s retention has it.',
  });
}
