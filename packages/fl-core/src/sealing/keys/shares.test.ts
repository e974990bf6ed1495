import { describe, expect, it } from 'vitest';
import { identityOf, isSignedBy, newIdentityKeys } from '../../signing/identity.ts';
import { repeatable } from '../testing/index.ts';
import { decrypt, encrypt } from './envelope.ts';
import { pinned } from './pins.ts';
import { deviceRandomness } from './randomness.ts';
import { combined, shareAmong } from './shares.ts';

describe('shares of a secret', () => {
  it('give it back from any threshold of them, and something else from fewer', async () => {
    const secret = repeatable('secret').bytes(32);
    const shares = [...(await shareAmong(secret, ['a', 'b', 'c', 'd', 'e'], 3)).values()];
    expect(shares.every((share) => share.length === 33)).toBe(true);
    for (let subset = 0; subset < 32; subset++) {
      const some = shares.filter((_, i) => (subset >> i) & 1);
      if (some.length < 2) continue;
      const back = await combined(some);
      expect([...back].every((byte, i) => byte === secret[i])).toBe(some.length >= 3);
    }
  });
});

describe('an envelope', () => {
  it('opens with its key alone, unchanged alone, and never has the same IV', async () => {
    const [key, other] = [deviceRandomness.bytes(32), deviceRandomness.bytes(32)];
    const plain = repeatable('plain').bytes(99);
    const first = await encrypt(key, plain, deviceRandomness);
    const second = await encrypt(key, plain, deviceRandomness);
    expect(first.iv).not.toBe(second.iv);
    expect(await decrypt(key, first, 'a')).toEqual(plain);
    const refused = { code: 'bad-envelope', message: expect.stringContaining('What a is said to have sent') };
    await expect(decrypt(other, first, 'a')).rejects.toMatchObject(refused);
    const flipped = first.text.startsWith('0') ? `1${first.text.slice(1)}` : `0${first.text.slice(1)}`;
    await expect(decrypt(key, { ...first, text: flipped }, 'a')).rejects.toMatchObject(refused);
    await expect(decrypt(key, { ...first, iv: second.iv }, 'a')).rejects.toMatchObject(refused);
  });
});

describe('an identity', () => {
  it.each(['ed25519', 'p-256'] as const)('signs by %s with a key that cannot be read', async (algorithm) => {
    const keys = await newIdentityKeys([algorithm]);
    expect(keys.pair.privateKey.extractable).toBe(false);
    const identity = await identityOf(keys);
    const bytes = repeatable('message').bytes(40);
    const signature = await identity.sign(bytes);
    expect(signature).toHaveLength(128);
    expect(await isSignedBy(identity.public, signature, bytes)).toBe(true);
    expect(await isSignedBy(identity.public, signature, repeatable('another').bytes(40))).toBe(false);
    const somebody = await identityOf(await newIdentityKeys([algorithm]));
    expect(await isSignedBy(somebody.public, signature, bytes)).toBe(false);
    expect(await isSignedBy({ algorithm, key: '00' }, signature, bytes)).toBe(false);
  });

  it('is P-256 where there is no Ed25519', async () => {
    expect((await newIdentityKeys(['p-256'])).algorithm).toBe('p-256');
    expect((await newIdentityKeys()).algorithm).toBe('ed25519');
    await expect(newIdentityKeys([])).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is remembered from the first time, and another one under the same name is refused', async () => {
    const [a, b] = await Promise.all([newIdentityKeys(), newIdentityKeys()]);
    const [first, second] = [(await identityOf(a)).public, (await identityOf(b)).public];
    const pins = pinned(new Map(), [{ client: 'x', identity: first }]);
    expect(pinned(pins, [{ client: 'y', identity: second }]).size).toBe(2);
    expect(() => pinned(pins, [{ client: 'x', identity: second }])).toThrow('x has another identity key');
    expect(pins.size).toBe(1);
  });
});

describe('the device’s randomness', () => {
  it('gives as much as is asked for, over the most that WebCrypto gives at once', () => {
    const bytes = deviceRandomness.bytes(200_001);
    expect(bytes).toHaveLength(200_001);
    // Each part has bytes of all values: none was left at zero.
    for (let at = 0; at + 4096 <= bytes.length; at += 4096)
      expect(new Set(bytes.subarray(at, at + 4096)).size).toBeGreaterThan(250);
  });
});
