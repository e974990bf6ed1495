import { describe, expect, it } from 'vitest';
import type { Identity } from '../../signing/identity.ts';
import type { Shared } from '../messages.ts';
import { inboxOf, rosterOf } from '../server/gather.ts';
import {
  clientName,
  exchangeOf,
  plainSum,
  playExchange,
  type Speakers,
  someIdentity,
  someWords,
} from '../testing/index.ts';
import { Member } from './member.ts';

const vectors = { 'blocks.0': 7, head: 12 };
const exchange = exchangeOf({ atLeast: 3, vectors });
const clients = Array.from({ length: 5 }, (_, i) => clientName(i));
const speakers: Speakers = new Map(
  clients.map((client) => [
    client,
    new Map(Object.entries(vectors).map(([name, length]) => [name, someWords(length, client, name)])),
  ]),
);

/** As IndexedDB keeps it: by structured clone. */
const reloaded = (member: Member, identity: Identity): Promise<Member> =>
  Member.restore(structuredClone(member.kept), identity);

describe('a participant whose page was reloaded', () => {
  it('goes on with what was kept, before each of its steps, and the sums are the same', async () => {
    const sums = await playExchange(exchange, speakers, ['c003'], reloaded);
    const left = clients.filter((client) => client !== 'c003');
    for (const name of Object.keys(vectors)) {
      const sum = sums.get(name);
      expect(sum?.kind === 'open' && sum.words).toEqual(plainSum(speakers, name, left));
    }
  });

  it('says the same again to the same question, and refuses every other one', async () => {
    const identities = new Map<string, Identity>();
    const members = new Map<string, Member>();
    for (const client of clients) {
      const identity = await someIdentity();
      identities.set(client, identity);
      members.set(client, await Member.prepare(exchange, client, Object.keys(vectors), identity));
    }
    const ready = [...members.values()].map((m) => m.ready);
    const { roster } = await rosterOf(exchange, ready);
    const shared = new Map<string, Shared>();
    for (const [client, member] of members) shared.set(client, (await member.share(roster)).shared);
    const again = (client: string) => reloaded(members.get(client)!, identities.get(client)!);

    const other = await rosterOf(exchange, ready.slice(0, 4));
    expect((await (await again('c000')).share(roster)).shared).toEqual(shared.get('c000'));
    await expect((await again('c000')).share(other.roster)).rejects.toMatchObject({
      code: 'already-answered',
    });

    const plan = await rosterOf(exchange, ready);
    const inbox = inboxOf(plan, shared, 'c000');
    const masked = await members.get('c000')!.mask(inbox, speakers.get('c000')!);
    const fewer = new Map([...shared].filter(([client]) => client !== 'c004'));
    // The same words, whatever it is given now: two maskings of different words would tell their difference.
    const changed = new Map([...speakers.get('c000')!].map(([name, w]) => [name, w.map((x) => x + 1)]));
    expect(await (await again('c000')).mask(inbox, changed)).toEqual(masked);
    const another = (await again('c000')).mask(inboxOf(plan, fewer, 'c000'), speakers.get('c000')!);
    await expect(another).rejects.toMatchObject({ code: 'already-answered' });

    const survivors = clients.slice(0, 4);
    const released = await members.get('c000')!.release({ survivors });
    expect(await (await again('c000')).release({ survivors })).toEqual(released);
    await expect((await again('c000')).release({ survivors: clients })).rejects.toMatchObject({
      code: 'already-answered',
    });
  });
});
