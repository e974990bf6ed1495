import { StrataError } from '../error.ts';
import { isSignedBy } from '../signing/identity.ts';
import { checkSameExchange, readyBytes } from './context.ts';
import type { Exchange, Ready, Roster } from './messages.ts';
import { Plan } from './plan.ts';

/**
 * One participant's word that it takes part.
 * @throws `wrong-exchange` for a vector that the exchange does not have, or one twice; `bad-signature` where it is not
 * of this exchange by the key that it names.
 */
export async function checkReady(exchange: Exchange, ready: Ready): Promise<void> {
  const { client, identity, signature, vectors } = ready;
  const strange = vectors.find(
    (name, i) => !Object.hasOwn(exchange.vectors, name) || vectors.indexOf(name) !== i,
  );
  if (strange !== undefined) {
    throw new StrataError(
      'wrong-exchange',
      `${client} has words for ${strange}, which is not to be summed, or names it twice.`,
      'Ask for your work and go on with that.',
    );
  }
  if (await isSignedBy(identity, signature, readyBytes(exchange, ready))) return;
  throw new StrataError(
    'bad-signature',
    `What ${client} is said to have sent is not signed by its key, or is of another round.`,
    'The participant is left out of this round.',
  );
}

/**
 * Everything that a participant, and the server before it, asks of a roster: it is of the expected exchange, in order,
 * nobody twice, no key twice, and signed.
 * @throws `wrong-exchange`, `wrong-roster`, `bad-signature`, `small-group`.
 */
export async function checkedPlan(expected: Exchange, roster: Roster): Promise<Plan> {
  checkSameExchange(expected, roster.exchange);
  const { members } = roster;
  for (const [i, { client }] of members.entries()) {
    const before = members[i - 1]?.client;
    if (before !== undefined && before >= client) throw wrongRoster(`${client} follows ${before}`);
  }
  const keys = members.flatMap((m) => [m.keys.masks, m.keys.shares]);
  if (new Set(keys).size < keys.length) throw wrongRoster('a key is in it twice');
  const identities = members.map((m) => m.identity.key);
  if (new Set(identities).size < identities.length) throw wrongRoster('two participants have one identity');
  await Promise.all(members.map((member) => checkReady(expected, member)));
  const { atLeast } = expected;
  if (members.length < atLeast) throw smallGroup('takes part', members.length, atLeast);
  const plan = new Plan(roster);
  if (plan.vectors.length === 0) {
    const most = Math.max(...Object.keys(expected.vectors).map((vector) => plan.countOf(vector)));
    throw smallGroup('has words for any one vector', most, atLeast);
  }
  return plan;
}

export const wrongRoster = (why: string): StrataError =>
  new StrataError(
    'wrong-roster',
    `The list of who takes part cannot be used: ${why}.`,
    'The round is left out. Where it happens again, ask who runs the study.',
  );

export const smallGroup = (what: string, count: number, atLeast: number): StrataError =>
  new StrataError(
    'small-group',
    `Only ${count} of the ${atLeast} participants that a sum needs at least: so many ${what}.`,
    'Wait for more participants; nothing was sent.',
  );
