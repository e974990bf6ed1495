// @module-tag long
import { describe, expect, it } from 'vitest';
import { random } from '../../random.ts';
import { agreeing, maskSeed } from '../keys/agreement.ts';
import { addMask, addWords } from '../keys/mask-stream.ts';
import { combined } from '../keys/shares.ts';
import type { Released } from '../messages.ts';
import { signOf } from '../plan.ts';
import {
  clientName,
  exchangeOf,
  type Played,
  plainSum,
  playExchange,
  playToMasks,
  releasedBy,
  type Speakers,
  someWords,
  unmaskingOf,
} from '../testing/index.ts';
import { unmask } from './unmask.ts';

const sizes: Readonly<Record<string, number>> = { 'blocks.0': 17, 'blocks.1': 5, 'blocks.2': 40, head: 33 };
const cohort = Array.from({ length: 6 }, (_, i) => clientName(i));

/** Six participants with the head and each block with probability 0.6. */
function speakersOf(seed: number): Speakers {
  const rng = random('masks', seed);
  return new Map(
    cohort.map((client) => {
      const layers = Object.keys(sizes).filter((layer) => layer === 'head' || rng.uniform() < 0.6);
      return [client, new Map(layers.map((l) => [l, someWords(sizes[l]!, seed, client, l)]))];
    }),
  );
}

/**
 * What a server knows of a closed vector: the masked words, and the keys of those who are lost. It takes off every mask
 * that it can compute, and still has not the sum, nor any one participant's words.
 */
async function expectShut(
  played: Played,
  speakers: Speakers,
  vector: string,
  left: readonly string[],
  released: readonly Released[],
): Promise<void> {
  const { participation } = played;
  const { plan } = participation;
  for (const client of left) {
    expect(released.flatMap((r) => r.seeds[client]?.[vector] ?? [])).toEqual([]);
    const words = played.masked.get(client)?.get(vector);
    if (words === undefined) continue; // struck: nothing was sent at all
    const bare = Int32Array.from(words);
    for (const lost of participation.maskedWith(vector, client)) {
      const shares = released.flatMap((r) => r.keys[lost] ?? []);
      if (shares.length < plan.sharing.threshold) continue;
      const key = await combined(shares.map((share) => Uint8Array.from(Buffer.from(share, 'hex'))));
      const seed = maskSeed(await agreeing(key)(plan.member(client).keys.masks), plan.context, vector);
      await addMask(bare, seed, signOf(client, lost) === 1 ? -1 : 1);
    }
    expect(bare).not.toEqual(speakers.get(client)!.get(vector));
  }
  const all = left.flatMap((client) => played.masked.get(client)?.get(vector) ?? []);
  const sum = new Int32Array(sizes[vector]!);
  for (const words of all) addWords(sum, words);
  if (all.length > 0) expect(sum).not.toEqual(plainSum(speakers, vector, left));
}

describe('the sums of a sealed exchange', () => {
  it.each([
    { sets: 20, threshold: 2, atLeast: 2, counted: { open: 3486, closed: 960, refused: 140 } },
    { sets: 4, threshold: 3, atLeast: 3, counted: { open: 432, closed: 240, refused: 88 } },
  ])(
    'are the whole numbers’ sums for all 64 sets of lost of $sets sets of masks, or closed: threshold $threshold, at least $atLeast',
    async ({ sets, threshold, atLeast, counted: expected }) => {
      const counted = { open: 0, closed: 0, refused: 0 };
      for (let seed = 0; seed < sets; seed++) {
        const speakers = speakersOf(seed);
        const played = await playToMasks(exchangeOf({ atLeast, vectors: sizes }), speakers, { threshold });
        for (let lost = 0; lost < 64; lost++) {
          const survivors = cohort.filter((_, i) => !((lost >> i) & 1));
          if (survivors.length < Math.max(threshold, atLeast)) {
            for (const client of survivors)
              expect(() => releasedBy(played, client, survivors)).toThrow('participants that a sum needs');
            counted.refused++;
            continue;
          }
          const released = survivors.map((client) => releasedBy(played, client, survivors));
          for (const [vector, sum] of await unmask(unmaskingOf(played, survivors, released))) {
            const left = survivors.filter((client) => speakers.get(client)!.has(vector));
            if (sum.kind === 'open') {
              expect(left.length).toBeGreaterThanOrEqual(atLeast);
              expect(sum.members).toEqual(left);
              expect(sum.words).toEqual(plainSum(speakers, vector, left));
              counted.open++;
            } else {
              expect(left.length).toBeLessThan(atLeast);
              await expectShut(played, speakers, vector, left, released);
              counted.closed++;
            }
          }
        }
      }
      expect(counted).toEqual(expected);
    },
    120_000,
  );

  it('are those of whole members too, with two of eight lost and the product’s threshold', async () => {
    const vectors = { 'blocks.0': 300, head: 70_000 };
    const clients = Array.from({ length: 8 }, (_, i) => clientName(i));
    const speakers = new Map(
      clients.map((client, i) => [
        client,
        new Map(
          Object.entries(vectors)
            .filter(([name]) => name === 'head' || i % 2 === 0)
            .map(([name, length]) => [name, someWords(length, client, name)]),
        ),
      ]),
    );
    const lost = ['c001', 'c002'];
    const sums = await playExchange(exchangeOf({ atLeast: 3, vectors }), speakers, lost);
    const left = clients.filter((client) => !lost.includes(client));
    for (const vector of Object.keys(vectors)) {
      const sum = sums.get(vector);
      expect(sum?.kind === 'open' && sum.words).toEqual(plainSum(speakers, vector, left));
    }
  });

  it('are those of a sparse graph too: 80 participants, five of them lost, one silent', async () => {
    const clients = Array.from({ length: 80 }, (_, i) => clientName(i));
    const speakers = new Map(
      clients.map((client) => [client, new Map([['head', someWords(9, client)]])] as const),
    );
    const played = await playToMasks(exchangeOf({ atLeast: 5, vectors: { head: 9 } }), speakers, {
      silent: ['c011'],
    });
    expect(played.participation.plan.sharing).toEqual({ degree: 26, threshold: 18 });
    const survivors = clients.filter(
      (client) => !['c003', 'c011', 'c020', 'c041', 'c042', 'c077'].includes(client),
    );
    const released = survivors.map((client) => releasedBy(played, client, survivors));
    const sum = (await unmask(unmaskingOf(played, survivors, released))).get('head');
    expect(sum?.kind === 'open' && sum.words).toEqual(plainSum(speakers, 'head', survivors));
  }, 60_000);

  it('are those of participants with any name, such as what every object has', async () => {
    const names = ['constructor', 'a', 'to-string', '0', 'value-of'].sort();
    const speakers: Speakers = new Map(names.map((c) => [c, new Map([['head', someWords(9, c)]])]));
    const sums = await playExchange(exchangeOf({ atLeast: 3, vectors: { head: 9 } }), speakers, [
      'constructor',
    ]);
    const sum = sums.get('head');
    const left = names.filter((name) => name !== 'constructor');
    expect(sum?.kind === 'open' && sum.words).toEqual(plainSum(speakers, 'head', left));
  });

  it('are not opened with a share that is wrong, or one too few', async () => {
    const speakers = speakersOf(3);
    const played = await playToMasks(exchangeOf({ atLeast: 3, vectors: sizes }), speakers);
    const survivors = cohort.slice(1);
    const released = survivors.map((client) => releasedBy(played, client, survivors));
    const tooFew = unmask(unmaskingOf(played, survivors, released.slice(1)));
    await expect(tooFew).rejects.toMatchObject({ code: 'too-few-shares' });
    const [first, ...others] = structuredClone(released);
    const share = first!.keys.c000!;
    // A wrong byte (not an end's, of which X25519 ignores some bits), and somebody else's share instead of the own one.
    const wrongByte = `${share.slice(0, 20)}${share[20] === '0' ? '1' : '0'}${share.slice(21)}`;
    for (const instead of [wrongByte, others[0]!.keys.c000!]) {
      first!.keys.c000 = instead;
      const wrong = unmask(unmaskingOf(played, survivors, [first!, ...others]));
      const message = expect.stringContaining("do not make c000's key");
      await expect(wrong).rejects.toMatchObject({ code: 'too-few-shares', message });
    }
  });

  it('keep one participant’s words from threshold - 1 others and the server together', async () => {
    const five = cohort.slice(0, 5);
    const speakers: Speakers = new Map(five.map((c) => [c, new Map([['head', someWords(33, c)]])]));
    const played = await playToMasks(exchangeOf({ atLeast: 2, vectors: { head: 33 } }), speakers);
    const { plan } = played.participation;
    expect(plan.sharing.threshold).toBe(4);
    const [victim, honest, ...hostile] = five as [string, string, ...string[]];
    // Everybody survives: the honest release the seeds, so the server has the victim's; its key is not released.
    const bare = Int32Array.from(played.masked.get(victim)!.get('head')!);
    await addMask(bare, played.sharing.get(victim)!.seeds.get('head')!, -1);
    for (const one of hostile) {
      const agreed = await played.keys.get(one)!.masks.agree(plan.member(victim).keys.masks);
      await addMask(bare, maskSeed(agreed, plan.context, 'head'), signOf(victim, one) === 1 ? -1 : 1);
    }
    const words = speakers.get(victim)!.get('head');
    expect(bare).not.toEqual(words);
    // The last mask is of the two honest ones. No set of the shares that the hostile keep makes either's key.
    for (const owner of [victim, honest]) {
      const shares = hostile.map((one) => played.opened.get(one)!.kept.get(owner)!.key);
      for (let subset = 0; subset < 1 << shares.length; subset++) {
        const some = shares.filter((_, i) => (subset >> i) & 1);
        if (some.length < 2) continue;
        const other = owner === victim ? honest : victim;
        const guess = await agreeing(await combined(some))(plan.member(other).keys.masks);
        const open = Int32Array.from(bare);
        await addMask(open, maskSeed(guess, plan.context, 'head'), signOf(victim, honest) === 1 ? -1 : 1);
        expect(open).not.toEqual(words);
      }
    }
    // With one share more it would be theirs: the threshold is what keeps it.
    const enough = [...hostile, honest].map((one) => played.opened.get(one)!.kept.get(victim)!.key);
    const agreed = await agreeing(await combined(enough))(plan.member(honest).keys.masks);
    await addMask(bare, maskSeed(agreed, plan.context, 'head'), signOf(victim, honest) === 1 ? -1 : 1);
    expect(bare).toEqual(words);
  });
});
