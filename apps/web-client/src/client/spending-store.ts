import { type KeptSpending, SpendingInMemory, type SpentSteps, withSteps } from '@strata/client/work';
import { createStore, get, set, type UseStore, update } from 'idb-keyval';

/**
 * What this browser has spent of what runs promise of each sample, in IndexedDB: numbers and hashes, which stay when
 * prepared data are deleted. Where the browser keeps nothing, it lives as long as the tab.
 */
export class SpendingStore implements KeptSpending {
  readonly #memory = new SpendingInMemory();
  #store: UseStore | null = null;

  async of(run: string): Promise<readonly SpentSteps[]> {
    try {
      const kept = await this.#in((store) => get<readonly SpentSteps[]>(run, store));
      // What could not be kept counts too.
      return [...(kept ?? []), ...(await this.#memory.of(run))];
    } catch (error) {
      // Of a browser that keeps things, what was spent before must be known.
      if (await this.#keeps()) throw error;
      return this.#memory.of(run);
    }
  }

  async add(run: string, spent: SpentSteps): Promise<boolean> {
    try {
      // One transaction: another tab may add its own.
      await this.#in((store) =>
        update<readonly SpentSteps[]>(run, (all = []) => [...withSteps(all, spent)], store),
      );
      return true;
    } catch {
      return this.#memory.add(run, spent);
    }
  }

  /** Whether something can be kept here. */
  async #keeps(): Promise<boolean> {
    return this.#in((store) => set('', [], store)).then(
      () => true,
      () => false,
    );
  }

  async #in<T>(work: (store: UseStore) => Promise<T>): Promise<T> {
    this.#store ??= createStore('strata-spending', 'runs'); // throws in a private window of some browsers
    return work(this.#store);
  }
}
