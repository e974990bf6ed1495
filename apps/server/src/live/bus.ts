import { EventEmitter } from 'node:events';
import type { ErrorBody, RunEvent } from '@strata/fl-core/protocol';
import { outsideWorkflow } from './background.ts';

interface BusEvents {
  /** Something that views, work or phases depend on changed in this run. */
  changed: [run: string];
  /** A client reported progress: worth showing, nothing depends on it. */
  progressed: [run: string];
  /** A line was added to a run's log. */
  logged: [run: string, event: RunEvent];
  /** A client is to go, and is told why; null: it may come back at once. */
  dismissed: [run: string, client: string, why: ErrorBody | null];
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

  dismissed(run: string, client: string, why: ErrorBody | null): void {
    this.#emitter.emit('dismissed', run, client, why);
  }

  onDismissed(listener: (run: string, client: string, why: ErrorBody | null) => void): void {
    this.#emitter.on('dismissed', listener);
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

export interface HasBus {
  readonly bus: Bus;
}
