import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import type { RunEvent } from '@strata/fl-core/protocol';

/**
 * Runs a function outside any workflow. Code called from a DBOS step inherits the workflow's async context,
 * and so does every timer it starts; a `DBOS.send` from there would count as the workflow's own.
 */
export const outsideWorkflow: <T>(work: () => T) => T = AsyncLocalStorage.snapshot();

interface BusEvents {
  /** Something that views, work or phases depend on changed in this run. */
  changed: [run: string];
  /** A client reported progress: worth showing, nothing depends on it. */
  progressed: [run: string];
  /** A line was added to a run's log. */
  logged: [run: string, event: RunEvent];
}

/** What the parts of the server tell each other; nothing is lost when nobody listens, the database knows it all. */
export class Bus {
  readonly #emitter = new EventEmitter<BusEvents>();

  changed(run: string): void {
    outsideWorkflow(() => this.#emitter.emit('changed', run));
  }

  progressed(run: string): void {
    this.#emitter.emit('progressed', run);
  }

  logged(run: string, event: RunEvent): void {
    outsideWorkflow(() => this.#emitter.emit('logged', run, event));
  }

  onChanged(listener: (run: string) => void): void {
    this.#emitter.on('changed', listener);
  }

  onProgressed(listener: (run: string) => void): void {
    this.#emitter.on('progressed', listener);
  }

  onLogged(listener: (run: string, event: RunEvent) => void): void {
    this.#emitter.on('logged', listener);
  }
}
