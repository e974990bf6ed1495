import { type ModelWork, type SealedAnswer, StrataError, type Work } from '@strata/fl-core/protocol';
import type { SealedParty, SealedTraining } from '../sealed/party.ts';
import { type Answer, workKey } from '../work/index.ts';

/** What of a session's work belongs to a sealed round, and what it answers. */

type SealingWork = Extract<Work, { readonly kind: 'share' | 'mask' | 'release' }>;
/** What a session does; all else is waited for. */
export type ActiveWork = ModelWork | SealingWork;

/** An answer with all that a session keeps of it. */
export type SaidAnswer =
  | Answer
  | {
      readonly kind: 'sealed';
      readonly message: SealedAnswer;
      /** Of the model that the round started from, on what this client holds out. */
      readonly before?: { readonly accuracy: number } | null;
    }
  | {
      readonly kind: 'masked';
      readonly round: number;
      readonly file: Uint8Array<ArrayBuffer>;
      readonly loss: number;
    };

export const isActive = (work: Work): work is ActiveWork => work.kind !== 'wait' && work.kind !== 'over';

export const isSealing = (work: ActiveWork): work is SealingWork =>
  work.kind === 'share' || work.kind === 'mask' || work.kind === 'release';

export const isSealedTraining = (work: ActiveWork): work is SealedTraining =>
  work.kind === 'train' && work.seal !== null;

/** As `workKey`; what comes with a step of a sealed round is the same for as long as it is asked for. */
export const keyOf = (work: ActiveWork): string =>
  isSealing(work) ? `${work.kind} ${work.round}` : workKey(work);

export const roundOf = (answer: SaidAnswer): number =>
  answer.kind === 'train' || answer.kind === 'masked' ? answer.round : answer.message.round;

/**
 * One step of a sealed round. What the client refuses it says, so that nobody waits for it; it is out of this round then.
 * @param met hears who takes part, in twelve words.
 */
export async function seal(
  party: SealedParty,
  work: SealingWork,
  met: (fingerprint: string) => void,
): Promise<SaidAnswer> {
  try {
    switch (work.kind) {
      case 'share': {
        const { said, fingerprint } = await party.share(work);
        met(fingerprint);
        return { kind: 'sealed', message: said };
      }
      case 'mask':
        return { kind: 'masked', round: work.round, ...(await party.mask(work)) };
      case 'release':
        return { kind: 'sealed', message: await party.release(work) };
      default:
        return work satisfies never;
    }
  } catch (error) {
    if (!(error instanceof StrataError)) throw error;
    const { code, message, hint } = error.toBody();
    const why = { code, message: message.slice(0, 500), hint: hint.slice(0, 500) };
    return { kind: 'sealed', message: { kind: 'out', round: work.round, why } };
  }
}
