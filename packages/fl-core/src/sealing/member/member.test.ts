import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { StrataError } from '../../error.ts';
import { type Identity, isSignedBy } from '../../signing/identity.ts';
import { readyBytes } from '../context.ts';
import type { Exchange, Inbox, Ready, Roster, Shared } from '../messages.ts';
import type { Plan } from '../plan.ts';
import { inboxOf, rosterOf } from '../server/gather.ts';
import {
  clientName,
  exchangeOf,
  type Played,
  playToMasks,
  type Speakers,
  someIdentity,
  someWords,
} from '../testing/index.ts';
import { Journal } from './journal.ts';
import { Member } from './member.ts';
import { release } from './release.ts';

const clients = Array.from({ length: 4 }, (_, i) => clientName(i));
const vectors = { 'blocks.0': 7, head: 12 };
const exchange = exchangeOf({ atLeast: 3, vectors });
const names = (client: string) => (client === 'c003' ? ['head'] : ['blocks.0', 'head']);
const words = (client: string) =>
  new Map(names(client).map((v) => [v, someWords(vectors[v as keyof typeof vectors], client, v)]));

interface Crew {
  readonly identities: ReadonlyMap<string, Identity>;
  readonly members: ReadonlyMap<string, Member>;
  readonly plan: Plan;
}

async function crewOf(of: Exchange = exchange, known?: Crew['identities']): Promise<Crew> {
  const identities = new Map<string, Identity>();
  const members = new Map<string, Member>();
  for (const client of clients) {
    const identity = known?.get(client) ?? (await someIdentity());
    identities.set(client, identity);
    members.set(client, await Member.prepare(of, client, names(client), identity));
  }
  const plan = await rosterOf(
    of,
    [...members.values()].map((m) => m.ready),
  );
  return { identities, members, plan };
}

const refusal = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => null,
    (reason: StrataError) => reason,
  );
  return error === null ? 'nothing' : error.code;
};

const changed = (roster: Roster, client: string, change: Partial<Ready>): Roster => ({
  ...roster,
  members: roster.members.map((m) => (m.client === client ? { ...m, ...change } : m)),
});

describe('a participant', () => {
  let crew: Crew;
  beforeAll(async () => {
    crew = await crewOf();
  });
  const member = () => crew.members.get('c000')!;

  it('refuses a roster that anybody changed, and takes the true one afterwards', async () => {
    const { roster } = crew.plan;
    const [a, b] = [roster.members[1]!, roster.members[2]!];
    const fresh = () => Member.prepare(exchange, 'c000', names('c000'), crew.identities.get('c000')!);
    const asked = async (tampered: (own: Roster) => Roster) => {
      const one = await fresh();
      const own = changed(roster, 'c000', one.ready);
      return refusal(one.share(tampered(own)));
    };
    // keys swapped between two participants, a key of the server's own, another vector, another name
    expect(await asked((r) => changed(r, 'c001', { keys: b.keys }))).toBe('wrong-roster');
    const keys = { ...a.keys, masks: '11'.repeat(32) };
    expect(await asked((r) => changed(r, 'c001', { keys }))).toBe('bad-signature');
    expect(await asked((r) => changed(r, 'c003', { vectors: ['blocks.0', 'head'] }))).toBe('bad-signature');
    expect(await asked((r) => changed(r, 'c001', { client: 'c0011' }))).toBe('bad-signature');
    expect(await asked((r) => changed(r, 'c001', { identity: b.identity }))).toBe('wrong-roster');
    expect(await asked((r) => changed(r, 'c001', { vectors: ['blocks.9'] }))).toBe('wrong-exchange');
    expect(await asked((r) => changed(r, 'c001', { vectors: ['head', 'head'] }))).toBe('wrong-exchange');
    // somebody twice, in another order, the participant itself missing or with the keys of before
    expect(await asked((r) => ({ ...r, members: [...r.members, a] }))).toBe('wrong-roster');
    expect(await asked((r) => ({ ...r, members: [...r.members].reverse() }))).toBe('wrong-roster');
    expect(await asked((r) => ({ ...r, members: r.members.slice(1) }))).toBe('wrong-roster');
    expect(await asked(() => roster)).toBe('wrong-roster');
    expect(await asked((r) => r)).toBe('nothing');
  });

  it.each([
    [{ checkpoint: 'cc'.repeat(32) }, 'checkpoint'],
    [{ config: 'cc'.repeat(32) }, 'configuration'],
    [{ terms: 'cc'.repeat(32) }, 'rounding'],
    [{ round: 2 }, 'round'],
    [{ run: 'another' }, 'run'],
    [{ part: 'metrics' as const }, 'part of the round'],
    [{ atLeast: 2 }, 'least number of participants'],
    [{ vectors: { ...vectors, head: 13 } }, 'list of vectors'],
  ])('refuses a round of another %j', async (other, name) => {
    const there = await crewOf({ ...exchange, ...other });
    await expect(member().share(there.plan.roster)).rejects.toMatchObject({
      code: 'wrong-exchange',
      message: expect.stringContaining(`The ${name} of`),
    });
    // and a replay: their words of that round under this round's name
    const replayed = { exchange, members: there.plan.roster.members };
    expect(await refusal(rosterOf(exchange, replayed.members))).toMatch(/bad-signature|wrong-exchange/);
    const own = await Member.prepare(exchange, 'c000', names('c000'), crew.identities.get('c000')!);
    expect(await refusal(own.share(changed(replayed, 'c000', own.ready)))).toBe('bad-signature');
  });

  it('refuses one whom it has met with another key', async () => {
    const { roster } = crew.plan;
    const identity = await someIdentity();
    const met = new Map([['c002', identity.public]]);
    const own = await Member.prepare(exchange, 'c000', names('c000'), crew.identities.get('c000')!, met);
    expect(await refusal(own.share(changed(roster, 'c000', own.ready)))).toBe('wrong-key');
  });

  it('refuses too small a group, and strikes vectors that too few have', async () => {
    const some = [...crew.members.values()].map((m) => m.ready);
    expect(await refusal(rosterOf(exchange, some.slice(0, 2)))).toBe('small-group');
    const own = await Member.prepare(exchange, 'c000', names('c000'), crew.identities.get('c000')!);
    const { exchange: of } = crew.plan;
    expect(await refusal(own.share({ exchange: of, members: [own.ready, some[1]!] }))).toBe('small-group');
    const plan = await rosterOf(exchange, some.slice(1));
    expect([plan.vectors, plan.struck]).toEqual([['head'], ['blocks.0']]);
    expect(plan.vectorsOf('c001')).toEqual(['head']);
  });

  it('takes each step once: the same again is answered the same, another one is refused', async () => {
    const { members, plan } = await crewOf();
    const one = members.get('c000')!;
    expect(await refusal(one.mask({ participants: clients, envelopes: {} }, words('c000')))).toBe(
      'wrong-phase',
    );
    const first = await one.share(plan.roster);
    expect(await one.share(structuredClone(plan.roster))).toEqual(first);
    expect(await refusal(one.share({ ...plan.roster, members: plan.roster.members.slice(0, 3) }))).toBe(
      'already-answered',
    );
    const shared = new Map<string, Shared>();
    for (const [client, m] of members) shared.set(client, (await m.share(plan.roster)).shared);
    const inbox = inboxOf(plan, shared, 'c000');
    expect(await refusal(one.release({ survivors: clients }))).toBe('wrong-phase');
    const masked = await one.mask(inbox, words('c000'));
    expect(await one.mask(structuredClone(inbox), words('c000'))).toBe(masked);
    const fewer: Inbox = { ...inbox, participants: clients.slice(0, 3) };
    expect(await refusal(one.mask(fewer, words('c000')))).toBe('already-answered');

    const survivors = ['c000', 'c001', 'c002'];
    const [released, again] = await Promise.all([one.release({ survivors }), one.release({ survivors })]);
    expect(again).toBe(released);
    expect(Object.keys(released.seeds)).toEqual(survivors);
    expect(Object.keys(released.keys)).toEqual(['c003']);
    expect(await refusal(one.release({ survivors: clients }))).toBe('already-answered');
  });

  it('refuses an inbox that does not fit the roster', async () => {
    const { members, plan } = await crewOf();
    const shared = new Map<string, Shared>();
    for (const [client, m] of members) shared.set(client, (await m.share(plan.roster)).shared);
    const asked = async (client: string, change: (inbox: Inbox) => Inbox) =>
      refusal(members.get(client)!.mask(change(inboxOf(plan, shared, client)), words(client)));
    const without = (participants: string[]) => (inbox: Inbox) => ({ ...inbox, participants });
    expect(await asked('c000', without(['c000', 'c001']))).toBe('small-group');
    expect(await asked('c001', without(['c000', 'c002', 'c003']))).toBe('wrong-roster');
    const swapped = ({ participants, envelopes }: Inbox): Inbox => ({
      participants,
      envelopes: { ...envelopes, c000: envelopes.c001! },
    });
    expect(await asked('c002', swapped)).toBe('bad-envelope');
    expect(await asked('c003', without([...clients, 'c9']))).toBe('wrong-roster');
  });

  it('says who takes part by its signature, and nobody else could', async () => {
    const { ready } = member();
    expect(await isSignedBy(ready.identity, ready.signature, readyBytes(exchange, ready))).toBe(true);
    const other = { ...ready, client: 'c001' };
    expect(await isSignedBy(ready.identity, ready.signature, readyBytes(exchange, other))).toBe(false);
  });
});

describe('the shares that a participant gives back', () => {
  let played: Played;
  const five = Array.from({ length: 5 }, (_, i) => clientName(i));
  beforeAll(async () => {
    const speakers: Speakers = new Map(
      five.map((client, i) => [
        client,
        new Map([
          ['head', someWords(4, client)],
          ...(i < 3 ? [['blocks.0', someWords(4, client)] as const] : []),
        ]),
      ]),
    );
    const of = exchangeOf({ atLeast: 2, vectors: { head: 4, 'blocks.0': 4 } });
    played = await playToMasks(of, speakers, { threshold: 2 });
  });

  it('are never of both kinds of one member, whatever it is asked and how often (1,000 histories)', () => {
    const ask = fc.record({ client: fc.constantFrom(...five), survivors: fc.subarray(five) });
    const told = { both: 0, refused: 0, answered: 0 };
    fc.assert(
      fc.property(fc.array(ask, { minLength: 2, maxLength: 12 }), (history) => {
        const journals = new Map(five.map((client) => [client, new Journal()]));
        const kinds = new Map<string, Set<string>>();
        for (const { client, survivors } of history) {
          try {
            const { seeds, keys } = release(
              client,
              played.opened.get(client)!,
              { survivors },
              journals.get(client)!,
            );
            told.answered++;
            for (const [kind, given] of Object.entries({ seeds, keys })) {
              for (const of of Object.keys(given)) {
                const pair = `${client} of ${of}`;
                kinds.set(pair, (kinds.get(pair) ?? new Set()).add(kind));
              }
            }
          } catch (error) {
            const { code } = error as StrataError;
            expect(['already-answered', 'small-group', 'wrong-roster']).toContain(code);
            if (code === 'already-answered') told.refused++;
          }
        }
        for (const given of kinds.values()) expect(given.size).toBe(1);
      }),
      { numRuns: 1000 },
    );
    // the histories did ask for both kinds, and were answered otherwise
    expect(told.refused).toBeGreaterThan(500);
    expect(told.answered).toBeGreaterThan(500);
  });

  it('are of no vector that has too few left, and of no one who sent nothing that is opened', () => {
    const survivors = ['c002', 'c003', 'c004'];
    const { seeds, keys } = release('c003', played.opened.get('c003')!, { survivors }, new Journal());
    expect(Object.fromEntries(Object.entries(seeds).map(([of, s]) => [of, Object.keys(s)]))).toEqual({
      c002: ['head'],
      c003: ['head'],
      c004: ['head'],
    });
    expect(Object.keys(keys)).toEqual(['c000', 'c001']);
  });
});
