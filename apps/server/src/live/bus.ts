import { EventEmitter } from 'node:events';
import type { ErrorBody, RunEvent } from '@strata/fl-core/protocol';
import { outsideWorkflow } from './background.ts';

export interface BusEvents {
  /** Something that views, work or phases depend on changed in this run. */
  changed: [run: string];
  /** A client reported progress: worth showing, nothing depends on it. */
  progressed: [run: string];
  /** A line was added to a run's log. */
  logged: [run: string, event: RunEvent];
  /** A run is no more. */
  deleted: [run: string];
  /** Somebody who operates the server may do less than before, or nothing. */
  operators: [];
  /** A client is to go, and is told why; null: it may come back at once. */
  dismissed: [run: string, client: string, why: ErrorBody | null];
}

/** Something that was told, with its name. */
export type Told = { [K in keyof BusEvents]: readonly [K, ...BusEvents[K]] }[keyof BusEvents];

/**
 * What the parts of the server tell each other; nothing is lost when nobody listens, the database knows it all. Where
 * servers share a database they hear it of each other, too (`nodes/`).
 */
export class Bus {
  readonly #emitter = new EventEmitter<BusEvents>();
  #onTold: (told: Told) => void = () => {};

  /** `listener` hears all that is told here, but not what others told ({@link hear}). */
  onTold(listener: (told: Told) => void): void {
    this.#onTold = listener;
  }

  /** Somebody else has told this. */
  hear(told: Told): void {
    const [kind, ...about] = told;
    outsideWorkflow(() => this.#emitter.emit(kind, ...about));
  }

  #tell(told: Told): void {
    this.hear(told);
    this.#onTold(told);
  }

  changed(run: string): void {
    this.#tell(['changed', run]);
  }

  progressed(run: string): void {
    this.#tell(['progressed', run]);
  }

  logged(run: string, event: RunEvent): void {
    this.#tell(['logged', run, event]);
  }

  deleted(run: string): void {
    this.#tell(['deleted', run]);
  }

  onDeleted(listener: (run: string) => void): void {
    this.#emitter.on('deleted', listener);
  }

  operatorsChanged(): void {
    this.#tell(['operators']);
  }

  onOperatorsChanged(listener: () => void): void {
    this.#emitter.on('operators', listener);
  }

  dismissed(run: string, client: string, why: ErrorBody | null): void {
    this.#tell(['dismissed', run, client, why]);
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
