import type { KeptRound, KeptSecrets } from '@strata/client/sealed';
import { SecretsInMemory } from '@strata/client/sealed/in-memory';
import type { Pins } from '@strata/fl-core/sealing';
import type { IdentityKeys } from '@strata/fl-core/signing';
import { clear, createStore, del, get, set, type UseStore } from 'idb-keyval';

/**
 * Signing keys, and keys and rounds of sealed runs, in IndexedDB, for a reload of the page. Signing keys are WebCrypto's own, which no script
 * can read, only use. Where the browser keeps nothing, they live as long as the tab.
 */
export class SecretStore implements KeptSecrets {
  readonly #memory = new SecretsInMemory();
  #store: UseStore | null = null;

  async identity(name: string): Promise<IdentityKeys> {
    const key = `identity ${name}`;
    const kept = await this.#get<IdentityKeys>(key);
    const keys = kept ?? (await this.#memory.identity(name));
    if (kept === undefined) await this.#set(key, keys);
    return keys;
  }

  async pins(name: string): Promise<Pins> {
    return (await this.#get<Pins>(`pins ${name}`)) ?? this.#memory.pins(name);
  }

  async keepPins(name: string, pins: Pins): Promise<void> {
    if (!(await this.#set(`pins ${name}`, pins))) await this.#memory.keepPins(name, pins);
  }

  async round(name: string): Promise<KeptRound | null> {
    return (await this.#get<KeptRound>(`round ${name}`)) ?? null;
  }

  /** Of what cannot be kept an older state must not be found: it could say something else than was said. */
  async keepRound(name: string, round: KeptRound | null): Promise<void> {
    const key = `round ${name}`;
    if (round !== null && (await this.#set(key, round))) return;
    await this.#in((store) => del(key, store)).catch(() => undefined);
  }

  async clear(): Promise<void> {
    await this.#memory.clear();
    await this.#in((store) => clear(store)).catch(() => undefined);
  }

  async #get<T>(key: string): Promise<T | undefined> {
    return this.#in((store) => get<T>(key, store)).catch(() => undefined);
  }

  /** False where the browser keeps nothing, or has no more room. */
  async #set(key: string, value: unknown): Promise<boolean> {
    return this.#in((store) => set(key, value, store)).then(
      () => true,
      () => false,
    );
  }

  async #in<T>(work: (store: UseStore) => Promise<T>): Promise<T> {
    this.#store ??= createStore('strata-sealed', 'secrets'); // throws in a private window of some browsers
    return work(this.#store);
  }
}
