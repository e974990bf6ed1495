import { AsyncLocalStorage } from 'node:async_hooks';
import type { FastifyBaseLogger } from 'fastify';

/**
 * Runs a function outside any workflow. Code called from a DBOS step inherits the workflow's async context,
 * and so does every timer it starts; a `DBOS.send` from there would count as the workflow's own.
 */
export const outsideWorkflow: <T>(work: () => T) => T = AsyncLocalStorage.snapshot();

/** What a line of the server's log is about: fields of the same names, whoever writes it. */
export interface About {
  readonly run: string;
  readonly round?: number;
  readonly client?: string;
}

/** Work that nobody waits for: its failure is logged, and the server does not close before it is done. */
export class Background {
  readonly #log: FastifyBaseLogger;
  readonly #running = new Set<Promise<void>>();

  constructor(log: FastifyBaseLogger) {
    this.#log = log;
  }

  /** `what` completes the sentence "... failed". */
  run(what: string, about: About, work: () => Promise<void>): void {
    const running = outsideWorkflow(work)
      .catch((error: unknown) => this.#log.error({ ...about, err: error }, `${what} failed`))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}

export interface HasBackground {
  readonly background: Background;
}
