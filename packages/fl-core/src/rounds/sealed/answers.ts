import { type RunConfig, type SafetensorsHeader, StrataError } from '../../protocol/index.ts';
import {
  checkMasked,
  checkReleased,
  checkShared,
  type Plan,
  type Ready,
  type Released,
  type Shared,
} from '../../sealing/index.ts';
import type { Place } from '../answers.ts';
import type { Member, MemberChange } from '../types.ts';
import { type SaidReady, type Terms, vectorsOf } from './exchange.ts';

/** What members of a sealed round may answer. */

/**
 * That a member is ready: its keys, whose signature was checked (`checkReady`). Nothing else of what it trained is told.
 * @param cohort of the round, whose keys must all differ.
 * @returns what becomes of the member, besides that its keys are known.
 * @throws `wrong-layers` for other vectors than its mask's; `wrong-roster` for keys that
 * somebody else has.
 */
export function readyOf(
  config: RunConfig,
  terms: Terms,
  { round, member }: Place,
  cohort: readonly SaidReady[],
  ready: Ready,
  now: number,
): MemberChange {
  checkSender(member, ready.client);
  const wanted = vectorsOf(config, terms, member.mask ?? []);
  if (wanted.join('\n') !== [...ready.vectors].sort().join('\n')) {
    throw new StrataError(
      'wrong-layers',
      `${member.client} has words for ${ready.vectors.join(', ')}.`,
      `Seal exactly ${wanted.join(', ')}.`,
    );
  }
  const keysOf = (one: Ready) => [one.keys.masks, one.keys.shares, one.identity.key];
  const taken = cohort.flatMap((m) =>
    m.sealing && m.client !== member.client ? keysOf(m.sealing.ready) : [],
  );
  if (keysOf(ready).some((key) => taken.includes(key)) || ready.keys.masks === ready.keys.shares) {
    throw new StrataError(
      'wrong-roster',
      `${member.client} has a key that is in this round already.`,
      'Draw new keys.',
    );
  }
  return { seconds: Math.max(0, now - (round.began.training ?? now)) / 1000 };
}

/** A member's shares. @throws `bad-message` */
export function checkSharedOf(plan: Plan, { member }: Place, shared: Shared): void {
  checkSender(member, shared.client);
  checkShared(plan, shared);
}

/**
 * Checks a member's masked words, a file of I32 tensors: they are of the vectors that are asked for, whatever they say.
 * @param sharers who have shared their secrets.
 * @throws `bad-safetensors`, `wrong-layers`.
 */
export function checkMaskedFile(
  plan: Plan,
  sharers: readonly string[],
  client: string,
  { tensors }: Pick<SafetensorsHeader, 'tensors'>,
): void {
  const lengths = new Map<string, number>();
  for (const { name, dtype, begin, end } of tensors.values()) {
    if (dtype !== 'I32') {
      throw new StrataError(
        'bad-safetensors',
        `Tensor ${name.slice(0, 128)} is ${dtype}; masked words are I32.`,
        'Load the page again; it may be of an older version.',
      );
    }
    lengths.set(name, (end - begin) / 4);
  }
  checkMasked(plan.among(sharers), client, lengths);
}

/** The shares of others that a member gives back. @throws `bad-message` */
export function checkReleasedOf({ member }: Place, released: Released): void {
  checkSender(member, released.client);
  checkReleased(released);
}

/** Largest file of masked words that this member can send, in bytes. */
export function maskedLimit(plan: Plan, client: string): number {
  const { vectors } = plan.exchange;
  const own = plan.vectorsOf(client);
  return 8 + 4096 + own.reduce((bytes, name) => bytes + 4 * vectors[name]! + 1024, 0);
}

function checkSender({ client }: Pick<Member, 'client'>, said: string): void {
  if (client === said) return;
  throw new StrataError(
    'bad-message',
    `${client} has sent what ${said.slice(0, 64)} should.`,
    'Ask for your work and go on with that.',
  );
}
