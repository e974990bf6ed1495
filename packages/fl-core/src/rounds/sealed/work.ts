import {
  type Exchange,
  type Inbox,
  inboxOf,
  type Plan,
  type Roster,
  type Shared,
  type Survivors,
} from '../../sealing/index.ts';
import type { Member, Round, SealedMember } from '../types.ts';
import { memberState, type TimedPhase } from '../verdict.ts';
import { planOf, sharersOf, survivorsOf, type Terms } from './exchange.ts';

/** What a member of a sealed round is asked for beside its work with the model. */
export type SealedWork =
  /** Once it has trained: to say that it is ready, with fresh keys. Its words follow from `terms`. */
  | { readonly kind: 'prepare'; readonly round: number; readonly terms: Terms }
  /** To check the roster and share its secrets. */
  | { readonly kind: 'share'; readonly round: number; readonly roster: Roster }
  /** To send its masked words. */
  | { readonly kind: 'mask'; readonly round: number; readonly inbox: Inbox }
  /** To give the shares of others back. */
  | { readonly kind: 'release'; readonly round: number; readonly survivors: Survivors };

/**
 * What everybody's work in a phase of a sealed round follows from. It is the same for as long as the phase lasts, since
 * what comes after a phase has closed is not taken.
 */
export interface SealedPhase {
  readonly terms: Terms;
  readonly exchange: Exchange;
  /** Of those who were ready when training closed; in training of those who are by now. */
  readonly plan: Plan;
  /** Who has shared secrets, in client-id order. */
  readonly sharers: readonly string[];
  /** By sender; needed while words are sent, and empty in other phases. */
  readonly shared: ReadonlyMap<string, Shared>;
  readonly survivors: readonly string[];
}

/** @param cohort in client-id order. */
export function sealedPhaseOf(
  exchange: Exchange,
  terms: Terms,
  cohort: readonly SealedMember[],
): SealedPhase {
  let plan: Plan | null = null; // hashes and orders everybody: only where it is asked for
  return {
    terms,
    exchange,
    get plan() {
      plan ??= planOf(exchange, cohort);
      return plan;
    },
    sharers: sharersOf(cohort),
    shared: new Map(
      cohort.flatMap((m) => (m.sealing?.shared ? [[m.client, m.sealing.shared] as const] : [])),
    ),
    survivors: survivorsOf(cohort),
  };
}

type Asked = Pick<Member, 'client'> & Parameters<typeof memberState>[1];

/** From rows alone, the same before and after a restart (R9); null where nothing is asked. */
export function sealedWorkOf(
  at: SealedPhase,
  { round, phase }: Pick<Round, 'round' | 'phase'>,
  member: Asked,
): SealedWork | null {
  switch (phase) {
    case 'training':
      return isAsked('training', member) ? { kind: 'prepare', round, terms: at.terms } : null;
    case 'sealing':
      return isAsked('sealing', member) ? { kind: 'share', round, roster: at.plan.roster } : null;
    case 'uploading':
      return isAsked('uploading', member)
        ? { kind: 'mask', round, inbox: inboxOf(at.plan, at.shared, member.client) }
        : null;
    case 'unmasking':
      return isAsked('unmasking', member)
        ? { kind: 'release', round, survivors: { survivors: [...at.survivors] } }
        : null;
    case 'waiting':
    case 'probing':
    case 'selecting':
    case 'aggregating':
    case 'evaluating':
    case 'committed':
    case 'abandoned':
      return null;
    default:
      return phase satisfies never;
  }
}

const isAsked = (phase: TimedPhase, member: Asked): boolean =>
  ['expected', 'spare', 'absent'].includes(memberState(phase, member));
