import {
  encodeSafetensors,
  type RunManifest,
  type SealedAnswer,
  StrataError,
  type Work,
} from '@strata/fl-core/protocol';
import {
  type Contribution,
  exchangeOf,
  flatLayers,
  scoresInOrder,
  type Terms,
  vectorsOf,
  wordsOf,
} from '@strata/fl-core/rounds/sealed';
import { deviceRandomness, fingerprintOf, Member } from '@strata/fl-core/sealing';
import { type Identity, identityOf } from '@strata/fl-core/signing';
import type { Trained } from '../work/index.ts';
import type { KeptRound, KeptSecrets } from './secrets.ts';

type WorkOf<K extends Work['kind']> = Extract<Work, { readonly kind: K }>;
export type SealedTraining = WorkOf<'train'> & { readonly seal: Terms };

/** A round that this client is in. */
interface Under {
  readonly round: number;
  readonly terms: Terms;
  readonly member: Member;
  readonly contribution: Contribution;
}

/**
 * One client's part in the sealed rounds of a run (docs/privacy.md): what it trained stays here, and leaves as masked
 * words alone. Each step is kept before what it gives is sent, so that a client whose page was reloaded goes on where it
 * was, says the same again, and never anything else about the same words.
 */
export class SealedParty {
  readonly #manifest: RunManifest;
  readonly #client: string;
  readonly #secrets: KeptSecrets;
  readonly #name: string;
  #identity: Promise<Identity> | null = null;
  #under: Under | null = null;

  constructor(manifest: RunManifest, client: string, secrets: KeptSecrets) {
    this.#manifest = manifest;
    this.#client = client;
    this.#secrets = secrets;
    this.#name = `${manifest.id} ${client}`;
  }

  /** It has trained: keys for the round, signed, and nothing of what it trained. */
  async ready(work: SealedTraining, { update, scores, ...figures }: Trained): Promise<SealedAnswer> {
    const { round, seal: terms, checkpoint, mask } = work;
    const { config } = this.#manifest;
    const contribution: Contribution = {
      ...figures,
      layers: flatLayers(config, update),
      scores: scores && scoresInOrder(config, scores),
    };
    const before = this.#under?.round === round ? this.#under.member : null;
    const member =
      before ??
      (await Member.prepare(
        // By what the client knows itself: its work, and the run's configuration.
        exchangeOf(this.#manifest, round, checkpoint.layers, terms),
        this.#client,
        vectorsOf(config, terms, mask),
        await this.#signing(),
        await this.#secrets.pins(this.#name),
      ));
    this.#under = { round, terms, member, contribution };
    await this.#keep();
    return { kind: 'ready', round, ready: member.ready };
  }

  /**
   * Checks who takes part and shares the secrets of this client's masks.
   * @returns with it, who takes part in twelve words.
   * @throws as `Member.share`; `wrong-state` where this device has not the secrets of the round.
   */
  async share({ round, roster }: WorkOf<'share'>): Promise<{ said: SealedAnswer; fingerprint: string }> {
    const { member } = await this.#at(round);
    const { shared, pins } = await member.share(roster);
    await this.#keep();
    await this.#secrets.keepPins(this.#name, pins);
    return { said: { kind: 'shared', round, shared }, fingerprint: fingerprintOf(roster.members) };
  }

  /** The masked words, a file of I32 tensors. @throws as `Member.mask`; `wrong-state` as {@link share}. */
  async mask({ round, inbox }: WorkOf<'mask'>): Promise<{ file: Uint8Array<ArrayBuffer>; loss: number }> {
    const { member, terms, contribution } = await this.#at(round);
    const members = member.kept.sharing?.roster.members.length ?? 0;
    const words = wordsOf(this.#manifest.config, terms, members, contribution, deviceRandomness);
    const masked = await member.mask(inbox, words);
    await this.#keep();
    return {
      file: encodeSafetensors(
        [...masked].map(([name, data]) => ({
          name,
          shape: [data.length],
          data: data as Int32Array<ArrayBuffer>,
        })),
      ),
      loss: contribution.trainLoss,
    };
  }

  /** The shares of others. @throws as `Member.release`; `wrong-state` as {@link share}. */
  async release({ round, survivors }: WorkOf<'release'>): Promise<SealedAnswer> {
    const { member } = await this.#at(round);
    const released = await member.release(survivors);
    await this.#keep();
    return { kind: 'released', round, released };
  }

  /** No more rounds: the secrets of the newest are forgotten. */
  async end(): Promise<void> {
    this.#under = null;
    await this.#secrets.keepRound(this.#name, null);
  }

  async #at(round: number): Promise<Under> {
    if (this.#under?.round !== round) this.#under = await this.#restored(round);
    if (this.#under !== null) return this.#under;
    throw new StrataError(
      'wrong-state',
      'This device has not the secrets of this round any more.',
      'It counts as lost, and takes part in the next one.',
    );
  }

  /** As the tab left it that this one takes the place of. */
  async #restored(round: number): Promise<Under | null> {
    const kept = await this.#secrets.round(this.#name);
    if (kept?.round !== round) return null;
    const member = await Member.restore(
      kept.member,
      await this.#signing(),
      await this.#secrets.pins(this.#name),
    );
    return { ...kept, member };
  }

  async #keep(): Promise<void> {
    if (this.#under === null) return;
    const { member, ...under } = this.#under;
    const kept: KeptRound = { ...under, member: member.kept };
    await this.#secrets.keepRound(this.#name, kept);
  }

  #signing(): Promise<Identity> {
    this.#identity ??= this.#secrets.identity(this.#name).then(identityOf);
    this.#identity.catch(() => {
      this.#identity = null; // it may be had the next time
    });
    return this.#identity;
  }
}
