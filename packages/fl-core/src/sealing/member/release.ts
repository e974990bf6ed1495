import { bytesToHex } from '@noble/hashes/utils.js';
import type { Released, Survivors } from '../messages.ts';
import type { Participation } from '../plan.ts';
import { smallGroup, wrongRoster } from '../roster-check.ts';
import type { Journal } from './journal.ts';
import type { Opened } from './mask.ts';

/**
 * Gives back, of each other participant, either the shares of its seeds, where its words have come and only of vectors
 * that enough are left of, or the share of its key, where they have not.
 * @throws `wrong-roster`; `small-group` where fewer are left than may be summed, or than secrets are put together from;
 * `already-answered`.
 */
export function release(
  client: string,
  { participation, kept }: Opened,
  { survivors }: Survivors,
  journal: Journal,
): Released {
  const left = leftAmong(participation, client, survivors);
  const seeds: Released['seeds'] = {};
  const keys: Released['keys'] = {};
  for (const [member, shares] of kept) {
    if (left.has(member)) {
      // A vector that has become too small stays closed: no share of its seeds ever leaves.
      const open = left.vectorsOf(member);
      if (open.length === 0) continue;
      journal.release(member, 'seeds');
      seeds[member] = Object.fromEntries(open.map((v) => [v, bytesToHex(shares.seeds.get(v)!)]));
    } else if (participation.isMissed(member, left)) {
      journal.release(member, 'key');
      keys[member] = bytesToHex(shares.key);
    }
  }
  return { client, seeds, keys };
}

function leftAmong(
  participation: Participation,
  client: string,
  survivors: readonly string[],
): Participation {
  const stranger = survivors.find((s) => !participation.has(s));
  if (stranger !== undefined) throw wrongRoster(`${stranger} has shared no secrets`);
  if (new Set(survivors).size < survivors.length) throw wrongRoster('somebody is in it twice');
  if (!survivors.includes(client))
    throw wrongRoster('this participant has sent its words and counts as lost');
  const { exchange, sharing } = participation.plan;
  const least = Math.max(exchange.atLeast, sharing.threshold);
  if (survivors.length < least) throw smallGroup('are left', survivors.length, least);
  return participation.plan.among([...survivors].sort());
}
