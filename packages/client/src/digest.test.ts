import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sha256Hex } from './digest.ts';

it('agrees with OpenSSL, with and without the browser’s own', async () => {
  const contents = fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes));
  await fc.assert(
    fc.asyncProperty(contents, async (bytes) => {
      const wanted = createHash('sha256').update(bytes).digest('hex');
      expect(await sha256Hex(bytes)).toBe(wanted);
      // What a page from plain http has.
      expect(await sha256Hex(bytes, null)).toBe(wanted);
    }),
  );
});
