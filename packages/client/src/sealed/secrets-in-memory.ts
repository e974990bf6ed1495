import type { Pins } from '@strata/fl-core/sealing';
import type { IdentityKeys } from '@strata/fl-core/signing';
import type { KeptRound, KeptSecrets } from './secrets.ts';

/** What a client keeps of its key and of sealed rounds where nothing can be kept: as long as this tab or process lives. */
export class SecretsInMemory implements KeptSecrets {
  readonly #identities = new Map<string, Promise<IdentityKeys>>();
  readonly #pins = new Map<string, Pins>();
  readonly #rounds = new Map<string, KeptRound>();

  identity(name: string): Promise<IdentityKeys> {
    const keys = this.#identities.get(name) ?? newKeys();
    this.#identities.set(name, keys);
    return keys;
  }

  async pins(name: string): Promise<Pins> {
    return this.#pins.get(name) ?? new Map();
  }

  async keepPins(name: string, pins: Pins): Promise<void> {
    this.#pins.set(name, pins);
  }

  async round(name: string): Promise<KeptRound | null> {
    return this.#rounds.get(name) ?? null;
  }

  async keepRound(name: string, round: KeptRound | null): Promise<void> {
    if (round === null) this.#rounds.delete(name);
    else this.#rounds.set(name, round);
  }

  async clear(): Promise<void> {
    this.#identities.clear();
    this.#pins.clear();
    this.#rounds.clear();
  }
}

/** By code that comes once something is signed. */
const newKeys = (): Promise<IdentityKeys> =>
  import('@strata/fl-core/signing').then(({ newIdentityKeys }) => newIdentityKeys());
