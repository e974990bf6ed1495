import { describe, expect, it } from 'vitest';
import { identityOf, newIdentityKeys } from './identity.ts';
import { signatureIn, signatureText, UpdateSignature } from './messages.ts';
import { isUpdateSigned, signUpdate, updateStatement } from './update.ts';

const sent = { run: 'run-1', round: 3, client: 'c-1', sha256: 'ab'.repeat(32) };

describe.each(['ed25519', 'p-256'] as const)('an update signed by %s', (algorithm) => {
  it('is known by its key, run, round, client and bytes, and by no other', async () => {
    const identity = await identityOf(await newIdentityKeys([algorithm]));
    const signature = await signUpdate(identity, sent);
    expect(UpdateSignature.parse(signature)).toEqual(signature);
    expect(await isUpdateSigned(signature, sent)).toBe(true);
    const others = [
      { ...sent, run: 'run-2' },
      { ...sent, round: 4 },
      { ...sent, client: 'c-2' },
      { ...sent, sha256: 'ac'.repeat(32) },
    ];
    for (const other of others) expect(await isUpdateSigned(signature, other)).toBe(false);
    const { public: stranger } = await identityOf(await newIdentityKeys([algorithm]));
    expect(await isUpdateSigned({ ...signature, ...stranger }, sent)).toBe(false);
  });

  it('is one line, and what is none is none', async () => {
    const signature = await signUpdate(await identityOf(await newIdentityKeys([algorithm])), sent);
    const text = signatureText(signature);
    expect(signatureIn(text)).toEqual(signature);
    for (const wrong of ['', text.slice(0, -2), `${text} x`, text.replace(algorithm, 'rsa')])
      expect(signatureIn(wrong)).toBeNull();
  });
});

it('signs these bytes: who checks a signature elsewhere makes them so', () => {
  expect(new TextDecoder().decode(updateStatement(sent))).toBe(
    `strata/update/1 run-1 3 c-1 ${'ab'.repeat(32)}`,
  );
});

it('takes an Ed25519 signature that Python’s cryptography made (RFC 8032’s third key)', async () => {
  // cryptography 48.0.0: Ed25519PrivateKey.from_private_bytes(SEED).sign(b"strata/update/1 run-1 3 c-1 abab...")
  const signature = UpdateSignature.parse({
    algorithm: 'ed25519',
    key: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    signature:
      '6ab845adfe30197fd16a7c8c222c541eba9aa9481d6ad8eebb7058ea0d09baa5b82e87dc48d0736d36a07b33a30d50ed7fad151b0db15f5e479c5f8bbd2eff08',
  });
  expect(await isUpdateSigned(signature, sent)).toBe(true);
  expect(await isUpdateSigned(signature, { ...sent, round: 4 })).toBe(false);
});
