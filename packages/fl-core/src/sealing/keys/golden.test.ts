import { readFileSync } from 'node:fs';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import { isSignedBy } from '../../signing/identity.ts';
import { agreeing, envelopeKey, maskSeed, newRoundKeys, publicKeyOf } from './agreement.ts';
import { decrypt } from './envelope.ts';
import { addMask } from './mask-stream.ts';
import { deviceRandomness } from './randomness.ts';
import { commitment } from './shares.ts';

/** By experiments/oracles/sealing-keys.py. */
const python = JSON.parse(readFileSync(new URL('fixtures/python.json', import.meta.url), 'utf8'));

describe('what two participants agree on', () => {
  it('is what Python computes, from the keys to the masks, the envelope and the signature', async () => {
    const [a, b] = python.secrets.map(hexToBytes);
    const [shared, context, seed] = [python.shared, python.context, python.seed].map(hexToBytes);
    expect([publicKeyOf(a), publicKeyOf(b)]).toEqual(python.publics);
    for (const native of [true, false]) {
      expect(bytesToHex(await agreeing(a, native)(python.publics[1]))).toBe(python.shared);
      expect(bytesToHex(await agreeing(b, native)(python.publics[0]))).toBe(python.shared);
    }
    expect(bytesToHex(maskSeed(shared!, context!, python.vector))).toBe(python.seed);

    const mask = new Int32Array(python.length);
    await addMask(mask, seed!, 1);
    expect([...mask.subarray(0, 8)]).toEqual(python.first);
    expect([...mask.subarray(65_532, 65_540)]).toEqual(python.atBorder);
    expect([...mask.subarray(-5)]).toEqual(python.last);
    expect(bytesToHex(sha256(new Uint8Array(mask.buffer)))).toBe(python.streamSha256);
    await addMask(mask, seed!, -1);
    expect(mask.every((word) => word === 0)).toBe(true);

    const { envelope } = python;
    const key = envelopeKey(shared!, context!, envelope.from, envelope.to);
    expect(bytesToHex(key)).toBe(envelope.key);
    expect(bytesToHex(await decrypt(key, envelope, envelope.from))).toBe(envelope.plain);
    expect(commitment(seed!, context!, python.vector)).toBe(python.commitment);
    const { signature } = python;
    const identity = { algorithm: 'ed25519', key: signature.key } as const;
    expect(await isSignedBy(identity, signature.signature, hexToBytes(signature.bytes))).toBe(true);
    expect(await isSignedBy(identity, signature.signature, utf8ToBytes('strate'))).toBe(false);
  });

  it('is the golden vector of the design', async () => {
    const sa = hexToBytes('77076d0a7318a57d3c16c17251b26645df4cdbfcd5f8f7ba1cb9f6b6b0a5d2aa');
    const sb = hexToBytes('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb');
    const shared = await agreeing(sa)(publicKeyOf(sb));
    expect(bytesToHex(shared)).toBe('ad65b58f003177fe4b2d9474193e2bc06b22d409f5e54c43092128264efa2743');
    const seed = maskSeed(shared, sha256(utf8ToBytes('strata test context')), 'blocks.3');
    expect(bytesToHex(seed)).toBe('5c09c53cc87f1ce0ee6c52dad8ebfe8b2a4f3c41b78ca8c024697a87e2a8f949');
    const mask = new Int32Array(4);
    await addMask(mask, seed, 1);
    expect([...mask]).toEqual([-1361470161, -390724457, -1018580552, 1502197780]);
  });

  it('is nothing with a public key by which anybody would know the result', async () => {
    const { secret } = newRoundKeys(deviceRandomness);
    for (const native of [true, false]) {
      const refused = agreeing(secret, native)('00'.repeat(32));
      await expect(refused).rejects.toMatchObject({ code: 'wrong-roster' });
    }
  });
});
