import type { PrivateSteps } from '@strata/fl-core/privacy';

/** Steps of a client on some data, whose result may have left the device. */
export interface SpentSteps extends PrivateSteps {
  readonly client: string;
  /** Stands for the data: `fingerprintOf` in `sample-guard.ts`. */
  readonly data: string;
}

/**
 * What the clients of this device have spent of what was promised of their samples, by run: numbers and hashes alone. It
 * must outlast the page and is not deleted with prepared data, since who forgets it would spend it again.
 */
export interface KeptSpending {
  /** All of a run. Rejects where it cannot be known what was kept: then nothing may be trained. */
  of(run: string): Promise<readonly SpentSteps[]>;
  /**
   * Adds steps to those of the run. Settles when they are kept, after which what they stand for may leave.
   * @returns whether they outlast this tab or process.
   */
  add(run: string, spent: SpentSteps): Promise<boolean>;
}

/** Where nothing can be kept: as long as this tab or process lives. */
export class SpendingInMemory implements KeptSpending {
  readonly #runs = new Map<string, readonly SpentSteps[]>();

  async of(run: string): Promise<readonly SpentSteps[]> {
    return this.#runs.get(run) ?? [];
  }

  async add(run: string, spent: SpentSteps): Promise<boolean> {
    this.#runs.set(run, withSteps(this.#runs.get(run) ?? [], spent));
    return false;
  }
}

/** With more steps; those that are alike are one entry, so that a run of many rounds keeps few. */
export function withSteps(all: readonly SpentSteps[], more: SpentSteps): readonly SpentSteps[] {
  const alike = all.findIndex(
    (s) =>
      s.client === more.client &&
      s.data === more.data &&
      s.sampling === more.sampling &&
      s.noise === more.noise,
  );
  if (alike < 0) return [...all, more];
  return all.map((s, i) => (i === alike ? { ...s, steps: s.steps + more.steps } : s));
}
