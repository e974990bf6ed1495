import { describe, expect, it } from 'vitest';
import { Inbox, Ready, Released, Roster, Shared } from './messages.ts';
import { inboxOf } from './server/gather.ts';
import { clientName, exchangeOf, playToMasks, releasedBy, someWords } from './testing/index.ts';

describe('the messages of an exchange', () => {
  it('are the same after JSON and their schemas, and small', async () => {
    const clients = Array.from({ length: 5 }, (_, i) => clientName(i));
    const vectors = { 'blocks.0': 9, 'blocks.1': 9, head: 9 };
    const speakers = new Map(
      clients.map((c) => [c, new Map(Object.keys(vectors).map((v) => [v, someWords(9, c, v)]))] as const),
    );
    const played = await playToMasks(exchangeOf({ atLeast: 3, vectors }), speakers);
    const { plan } = played.participation;
    const shared = new Map([...played.sharing].map(([c, { message }]) => [c, message] as const));
    const survivors = clients.slice(1);
    const said = [
      [Ready, plan.member('c001')],
      [Roster, plan.roster],
      [Shared, shared.get('c001')],
      [Inbox, inboxOf(plan, shared, 'c001')],
      [Released, releasedBy(played, 'c001', survivors)],
    ] as const;
    for (const [schema, message] of said) {
      const sent = JSON.stringify(message);
      expect(schema.parse(JSON.parse(sent))).toEqual(message);
      expect(sent.length).toBeLessThan(5 * 1000);
    }
  });

  it('are refused where bytes are missing or no bytes', () => {
    const share = '0a'.repeat(33);
    const released = { client: 'a', seeds: { b: { head: share } }, keys: {} };
    expect(Released.safeParse(released).success).toBe(true);
    for (const wrong of [share.slice(2), `${share}00`, share.replace('0a', '0g'), share.toUpperCase()]) {
      expect(Released.safeParse({ ...released, keys: { c: wrong } }).success).toBe(false);
    }
  });
});
