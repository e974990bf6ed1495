import { StrataError } from '@strata/fl-core/protocol';
import { isUpdateSigned, type SentUpdate } from '@strata/fl-core/signing';
import { signatureIn, type UpdateSignature } from '@strata/fl-core/signing/messages';
import { and, eq, inArray, sql } from 'drizzle-orm';
import { clients } from '../store/schema.ts';
import type { Queryable } from '../store/store.ts';

/** Updates that their participants sign: a key is a client's from its first signed update on. */

/** What the header of an upload says. Throws `wrong-signature`. */
export function signatureOf(header: string | null): UpdateSignature | null {
  if (header === null) return null;
  const signature = signatureIn(header);
  if (signature !== null) return signature;
  throw new StrataError(
    'wrong-signature',
    'What stands beside this update is no signature.',
    'Reload the page; it may be of another version.',
  );
}

/** Throws `wrong-signature` where the key that is named has not signed this update. */
export async function checkSignature(signature: UpdateSignature | null, sent: SentUpdate): Promise<void> {
  if (signature === null || (await isUpdateSigned(signature, sent))) return;
  throw new StrataError(
    'wrong-signature',
    'The signature is not of this update as it arrived.',
    'It is made and sent again. If this lasts, something on the way changes what is sent.',
  );
}

type SigningKey = Pick<UpdateSignature, 'algorithm' | 'key'>;

/**
 * Holds updates to the keys that their clients are known by; the first one of a client that is signed is remembered by its
 * key. Part of the transaction that counts them: keys are read together, and new ones written together, whatever the
 * number of updates.
 */
export class KnownKeys {
  readonly #known: Map<string, SigningKey>;
  readonly #fresh = new Map<string, SigningKey>();

  private constructor(known: Map<string, SigningKey>) {
    this.#known = known;
  }

  /** Of these clients, whose rows nobody else changes until the transaction ends. */
  static async of(tx: Queryable, run: string, of: readonly string[]): Promise<KnownKeys> {
    if (of.length === 0) return new KnownKeys(new Map());
    const rows = await tx
      .select({ id: clients.id, known: clients.signingKey })
      .from(clients)
      .where(and(eq(clients.run, run), inArray(clients.id, [...of])))
      .orderBy(clients.id) // two transactions lock in one order
      .for('update');
    return new KnownKeys(
      new Map(rows.flatMap(({ id, known }) => (known === null ? [] : [[id, known] as const]))),
    );
  }

  /** Throws `wrong-signature` or `wrong-key`. */
  hold(client: string, signature: UpdateSignature | null): void {
    const known = this.#known.get(client);
    if (signature === null) {
      if (known === undefined) return;
      throw new StrataError(
        'wrong-signature',
        `${client} signs its updates, and this one is not signed.`,
        'Open the page as before, over https: without, a browser lets it use no key.',
      );
    }
    const { algorithm, key } = signature;
    if (known === undefined) {
      this.#known.set(client, { algorithm, key });
      this.#fresh.set(client, { algorithm, key });
    } else if (known.key !== key || known.algorithm !== algorithm) {
      throw new StrataError(
        'wrong-key',
        `${client} has signed with another key before.`,
        'This device has forgotten its key. Join again as a new participant.',
      );
    }
  }

  /** Remembers the keys that are new. */
  async write(tx: Queryable, run: string): Promise<void> {
    if (this.#fresh.size === 0) return;
    const said = JSON.stringify([...this.#fresh].map(([client, signing_key]) => ({ client, signing_key })));
    await tx
      .update(clients)
      .set({ signingKey: sql`said.signing_key` })
      .from(sql`jsonb_to_recordset(${said}::jsonb) as said (client text, signing_key jsonb)`)
      .where(and(eq(clients.run, run), sql`${clients.id} = said.client`));
  }
}
