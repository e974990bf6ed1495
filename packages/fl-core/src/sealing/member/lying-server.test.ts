import { describe, expect, it } from 'vitest';
import { StrataError } from '../../error.ts';
import { type Random, random } from '../../random.ts';
import type { Identity } from '../../signing/identity.ts';
import type { Released, Shared } from '../messages.ts';
import { inboxOf, rosterOf } from '../server/gather.ts';
import { clientName, exchangeOf, someIdentity, someWords } from '../testing/index.ts';
import type { Vectors } from './mask.ts';
import { Member } from './member.ts';

const clients = Array.from({ length: 5 }, (_, i) => clientName(i));
const sizes = { head: 6, 'blocks.0': 6 };
const words = (client: string): Vectors =>
  new Map(Object.entries(sizes).map(([v, length]) => [v, someWords(length, client, v)]));

/** All that the members have sent a server that asks whatever it likes, of whom and how often it likes. */
interface Heard {
  readonly shared: Map<string, Set<string>>;
  readonly masked: Map<string, Set<string>>;
  readonly released: Map<string, Released[]>;
  readonly codes: Map<string, number>;
}

/** One exchange with a server that lies: each member is told of rosters, inboxes and survivors of its own. */
async function history(rng: Random, identities: ReadonlyMap<string, Identity>): Promise<Heard> {
  const exchange = exchangeOf({ atLeast: 3, vectors: sizes });
  const members = new Map<string, Member>();
  for (const client of clients)
    members.set(client, await Member.prepare(exchange, client, Object.keys(sizes), identities.get(client)!));
  const ready = [...members.values()].map((m) => m.ready);
  const some = <T>(of: readonly T[]): T[] => of.filter(() => rng.uniform() < 0.8);
  const plan = await rosterOf(exchange, ready);
  const rosters = [plan.roster, plan.roster, plan.roster, { exchange, members: some(ready) }];
  const heard: Heard = { shared: new Map(), masked: new Map(), released: new Map(), codes: new Map() };
  const all = new Map<string, Shared>();
  const add = (to: Map<string, Set<string>>, client: string, what: unknown) =>
    to.set(client, (to.get(client) ?? new Set()).add(JSON.stringify(what)));
  for (let n = 0; n < 60; n++) {
    const client = clients[rng.below(clients.length)]!;
    const member = members.get(client)!;
    try {
      switch (n < 15 ? 0 : n < 30 ? rng.below(2) : rng.below(3)) {
        case 0: {
          const { shared } = await member.share(rosters[rng.below(rosters.length)]!);
          add(heard.shared, client, shared);
          all.set(client, shared);
          break;
        }
        case 1: {
          const told = new Map([...all].filter(([c]) => c === client || rng.uniform() < 0.9));
          const masked = await member.mask(inboxOf(plan, told, client), words(client));
          add(
            heard.masked,
            client,
            [...masked].map(([v, own]) => [v, [...own]]),
          );
          break;
        }
        default: {
          const released = await member.release({ survivors: some(clients) });
          heard.released.set(client, [...(heard.released.get(client) ?? []), released]);
        }
      }
    } catch (error) {
      if (!(error instanceof StrataError)) throw error;
      heard.codes.set(error.code, (heard.codes.get(error.code) ?? 0) + 1);
    }
  }
  return heard;
}

describe('a server that tells everybody something else', () => {
  it('hears one thing of each step from each participant, and never both secrets of anybody (40 histories)', async () => {
    const identities = new Map<string, Identity>();
    for (const client of clients) identities.set(client, await someIdentity());
    const codes = new Map<string, number>();
    let released = 0;
    for (let seed = 0; seed < 40; seed++) {
      const heard = await history(random('lying server', seed), identities);
      for (const said of [...heard.shared.values(), ...heard.masked.values()]) expect(said.size).toBe(1);
      const given = [...heard.released.values()].map((all) => {
        expect(new Set(all.map((r) => JSON.stringify(r))).size).toBe(1);
        return all[0]!;
      });
      released += given.length;
      // Four of five shares make a secret: of nobody has it four of the key and four of any seed.
      for (const of of clients) {
        const keys = given.filter((r) => Object.hasOwn(r.keys, of)).length;
        const seeds = given.filter((r) => Object.hasOwn(r.seeds, of)).length;
        expect(keys + seeds).toBeLessThanOrEqual(clients.length);
        expect(Math.min(keys, seeds)).toBeLessThan(4);
      }
      for (const [code, count] of heard.codes) codes.set(code, (codes.get(code) ?? 0) + count);
    }
    // It was refused and answered often enough for that to mean something.
    expect(codes.get('already-answered')).toBeGreaterThan(100);
    expect(released).toBeGreaterThan(40);
  }, 120_000);
});
