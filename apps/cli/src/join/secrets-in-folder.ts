import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeptRound, KeptSecrets } from '@strata/client/sealed';
import { SecretsInMemory } from '@strata/client/sealed/in-memory';
import type { Pins } from '@strata/fl-core/sealing';
import { exportIdentity, type IdentityKeys, importIdentity, newIdentityKeys } from '@strata/fl-core/signing';
import { PublicIdentity } from '@strata/fl-core/signing/messages';
import { z } from 'zod';

const Kept = z.strictObject({
  identity: PublicIdentity.extend({ secret: z.string().regex(/^([0-9a-f]{2})+$/) }),
  pins: z.record(z.string(), PublicIdentity),
});
type Kept = z.infer<typeof Kept>;

/**
 * Keys of sealed runs in files that are closed to other users, one a client and run. The secrets of a round are this
 * process's alone: where it ends in mid-round, its clients count as lost in that round.
 */
export class SecretsInFolder implements KeptSecrets {
  readonly #folder: string;
  readonly #memory = new SecretsInMemory();
  readonly #opened = new Map<string, Promise<Kept>>();

  constructor(folder: string) {
    this.#folder = join(folder, 'sealed-keys');
  }

  async identity(name: string): Promise<IdentityKeys> {
    return importIdentity((await this.#open(name)).identity);
  }

  async pins(name: string): Promise<Pins> {
    return new Map(Object.entries((await this.#open(name)).pins));
  }

  async keepPins(name: string, pins: Pins): Promise<void> {
    const { identity } = await this.#open(name);
    const kept = { identity, pins: Object.fromEntries(pins) };
    this.#opened.set(name, Promise.resolve(kept));
    await this.#write(name, kept);
  }

  round(name: string): Promise<KeptRound | null> {
    return this.#memory.round(name);
  }

  keepRound(name: string, round: KeptRound | null): Promise<void> {
    return this.#memory.keepRound(name, round);
  }

  async clear(): Promise<void> {
    await this.#memory.clear();
    this.#opened.clear();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #open(name: string): Promise<Kept> {
    const opened = this.#opened.get(name) ?? this.#read(name);
    this.#opened.set(name, opened);
    opened.catch(() => this.#opened.delete(name));
    return opened;
  }

  async #read(name: string): Promise<Kept> {
    const text = await readFile(this.#path(name), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (text !== null) return Kept.parse(JSON.parse(text));
    const kept: Kept = { identity: await exportIdentity(await newIdentityKeys(undefined, true)), pins: {} };
    await this.#write(name, kept);
    return kept;
  }

  async #write(name: string, kept: Kept): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const path = this.#path(name);
    // There as a whole or not at all: half a key would be somebody else.
    await writeFile(`${path}.new`, JSON.stringify(kept), { mode: 0o600 });
    await rename(`${path}.new`, path);
  }

  #path(name: string): string {
    return join(this.#folder, `${name.replace(/[^a-z0-9-]/gi, '_')}.json`);
  }
}
