import type { Context } from './context.ts';
import { evaluatePhase, isTimed, memberState } from './phase.ts';
import { readyClients } from './ready.ts';
import { findRun, listMembers, openRound, overStates, type RoundRow, type RunRow } from './rows.ts';
import { roundWorkflowId, runWorkflowId, signal, wakeTopic } from './workflow.ts';

/**
 * Looks at a run after every event (R3) and wakes its workflow when there is something to do. Events that come
 * while one look is under way are covered by one more look.
 */
export class Signals {
  readonly #context: Context;
  /** Runs being looked at; true when they must be looked at again. */
  readonly #looking = new Map<string, boolean>();

  constructor(context: Context) {
    this.#context = context;
  }

  async look(run: string): Promise<void> {
    if (this.#looking.has(run)) {
      this.#looking.set(run, true);
      return;
    }
    try {
      do {
        this.#looking.set(run, false);
        await this.#look(run);
      } while (this.#looking.get(run));
    } finally {
      this.#looking.delete(run);
    }
  }

  async #look(id: string): Promise<void> {
    const { db } = this.#context;
    const run = await findRun(db, id);
    if (!run || run.state === 'draft') return;
    const round = await openRound(db, id);
    if (round) return this.#lookAtRound(run, round);
    if (await this.#canGoOn(run)) await this.#wake(id);
  }

  async #lookAtRound(run: RunRow, round: RoundRow): Promise<void> {
    const { phase } = round;
    if (!isTimed(phase)) return;
    const cohort = await listMembers(this.#context.db, run.id, round.round);
    const verdict = evaluatePhase({
      phase,
      members: cohort.map((m) => memberState(phase, m)),
      quorum: run.config.cohort.quorum,
      deadlinePassed: false, // the workflow has its own clock
    });
    if (verdict === 'open' && run.state !== 'stopped') return;
    // The verdict is final, so one message a phase is enough; the key makes it one.
    const id = roundWorkflowId(run.id, round.round);
    await signal(id, phase, `${id}:${phase}`);
  }

  /** One wake at a time: a run that was woken looks at everything that has happened until then. */
  async #wake(run: string): Promise<void> {
    const { woken } = this.#context;
    if (woken.has(run)) return;
    woken.add(run);
    if (!(await signal(runWorkflowId(run), wakeTopic))) woken.delete(run);
  }

  async #canGoOn(run: RunRow): Promise<boolean> {
    if (overStates.includes(run.state)) return true;
    if (run.state !== 'running') return false;
    const ready = await readyClients(this.#context, run.id);
    return ready.length >= run.config.cohort.minimum;
  }
}
