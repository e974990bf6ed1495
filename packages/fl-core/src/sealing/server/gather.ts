import { StrataError } from '../../error.ts';
import {
  type Exchange,
  entryOf,
  type Inbox,
  type Ready,
  type Released,
  type Roster,
  type Shared,
} from '../messages.ts';
import type { Participation, Plan } from '../plan.ts';
import { checkedPlan } from '../roster-check.ts';

/** What the server makes of the participants' messages up to the masked words. It keeps nothing; all of it may be repeated. */

/**
 * The roster of those who are ready.
 * @throws `small-group` and all else that a participant would refuse it for.
 */
export async function rosterOf(exchange: Exchange, ready: readonly Ready[]): Promise<Plan> {
  const members = [...ready].sort((a, b) => (a.client < b.client ? -1 : 1));
  return checkedPlan(exchange, { exchange, members } satisfies Roster);
}

/** @throws `bad-message` where a participant's shares are not for exactly its holders, or of other vectors. */
export function checkShared(plan: Plan, { client, commitments, envelopes }: Shared): void {
  const holders = plan.holdersOf(client).filter((holder) => holder !== client);
  checkNames(client, 'shares for', Object.keys(envelopes), holders);
  checkNames(client, 'commitments of', Object.keys(commitments), plan.vectorsOf(client));
}

/** What is passed on to one of those who have shared. */
export function inboxOf(plan: Plan, shared: ReadonlyMap<string, Shared>, client: string): Inbox {
  const participants = [...shared.keys()].sort();
  const envelopes = Object.fromEntries(
    participants.flatMap((from) => {
      const sent = from === client ? undefined : shared.get(from)?.envelopes;
      const envelope = sent && entryOf(sent, client);
      return envelope === undefined || !plan.holdersOf(from).includes(client) ? [] : [[from, envelope]];
    }),
  );
  return { participants, envelopes };
}

/** @throws `wrong-layers` where masked words are not of exactly the vectors that are asked for, or of another length. */
export function checkMasked(
  participation: Participation,
  client: string,
  lengths: ReadonlyMap<string, number>,
): void {
  const { vectors } = participation.plan.exchange;
  const expected = participation.vectorsOf(client);
  const wrong =
    expected.find((v) => lengths.get(v) !== vectors[v]) ??
    [...lengths.keys()].find((v) => !expected.includes(v));
  if (wrong === undefined) return;
  throw new StrataError(
    'wrong-layers',
    `${client} has sent ${lengths.get(wrong) ?? 'no'} masked words of ${wrong}.`,
    `Send exactly ${expected.map((v) => `${vectors[v]} of ${v}`).join(', ')}.`,
  );
}

/** @throws `bad-message` for shares of both kinds of one member, which no participant gives back. */
export function checkReleased(released: Released): void {
  const both = Object.keys(released.seeds).find((member) => Object.hasOwn(released.keys, member));
  if (both === undefined) return;
  throw badMessage(`${released.client} has sent shares of both kinds of ${both}`);
}

function checkNames(client: string, what: string, given: readonly string[], wanted: readonly string[]): void {
  const missing = wanted.find((name) => !given.includes(name));
  const extra = given.find((name) => !wanted.includes(name));
  if (missing === undefined && extra === undefined) return;
  throw badMessage(
    missing === undefined
      ? `${client} has sent ${what} ${extra}`
      : `${client} has sent no ${what} ${missing}`,
  );
}

const badMessage = (what: string): StrataError =>
  new StrataError('bad-message', `${what}.`, 'Ask for your work and go on with that.');
