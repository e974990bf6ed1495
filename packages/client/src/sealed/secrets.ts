import type { Contribution, Terms } from '@strata/fl-core/rounds/sealed';
import type { KeptMember, Pins } from '@strata/fl-core/sealing';
import type { IdentityKeys } from '@strata/fl-core/signing';

/** A round that a client is in: what it must not forget of it, and what it is to send. */
export interface KeptRound {
  readonly round: number;
  readonly terms: Terms;
  readonly member: KeptMember;
  readonly contribution: Contribution;
}

/**
 * What a client keeps on its device of its key and of sealed rounds, by a name that stands for it in its run. Nothing here rejects for
 * want of room: then it is kept as long as this tab or process lives.
 */
export interface KeptSecrets {
  /** The key that it signs with; made when it is asked for first. */
  identity(name: string): Promise<IdentityKeys>;
  /** Whom it has met. */
  pins(name: string): Promise<Pins>;
  keepPins(name: string, pins: Pins): Promise<void>;
  /** The newest round; null where there is none, or rounds are not kept. */
  round(name: string): Promise<KeptRound | null>;
  /** Settles when it is kept: nothing that it stands for may be sent before. Null: there is none any more. */
  keepRound(name: string, round: KeptRound | null): Promise<void>;
  /** Forgets everything of all clients. */
  clear(): Promise<void>;
}
