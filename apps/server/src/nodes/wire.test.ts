import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Message, payloads } from './wire.ts';

const run = fc.stringMatching(/^run-[0-9a-f]{10}$/);
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ kind: fc.constant('changed' as const), run }),
  fc.record({
    kind: fc.constant('logged' as const),
    run,
    event: fc.record({
      id: fc.nat(),
      at: fc.nat(),
      level: fc.constantFrom('info' as const, 'warning' as const),
      kind: fc.string({ maxLength: 20 }),
      message: fc.string({ maxLength: 1000, unit: 'grapheme' }),
      round: fc.constant(null),
      client: fc.constant(null),
    }),
  }),
);

it('everything that is told fits into notifications, in order, and nothing is lost but what is too long', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 60 }), (told) => {
      const texts = payloads('a-node', told);
      for (const text of texts) expect(Buffer.byteLength(text)).toBeLessThan(8000);
      const arrived = texts.flatMap((text) => (JSON.parse(text) as { told: Message[] }).told);
      const short = told.filter((m) => Buffer.byteLength(JSON.stringify(m)) < 7500);
      expect(arrived).toEqual(JSON.parse(JSON.stringify(short)));
    }),
  );
});
