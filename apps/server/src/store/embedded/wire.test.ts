import { protocol } from '@electric-sql/pglite';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Batch, BatchReader, commandComplete, readAnswer } from './wire.ts';

/** Messages as a client library writes them. */
const { serialize } = protocol;
const startup = Buffer.from(serialize.startup({ user: 'postgres', database: 'postgres' }));
const extended = (text: string, values: string[]) =>
  Buffer.concat([
    serialize.parse({ text }),
    serialize.bind({ values }),
    serialize.describe({ type: 'P' }),
    serialize.execute({}),
    serialize.sync(),
  ]);

test('batches come out whole, however the bytes are cut', () => {
  const statement = fc.record({
    text: fc.string().map((text) => text.replaceAll('\0', '')),
    simple: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(statement),
      fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
      (statements, cuts) => {
        const messages = statements.map(({ text, simple }) =>
          simple ? Buffer.from(serialize.query(text)) : extended(text, ['1']),
        );
        const bytes = Buffer.concat([startup, ...messages, serialize.end()]);
        const reader = new BatchReader();
        const batches: Batch[] = [];
        for (let at = 0; at < bytes.length; ) {
          const cut = at + (cuts.next().value ?? 1);
          batches.push(...reader.read(bytes.subarray(at, cut)));
          at = cut;
        }
        expect(batches).toEqual([
          { kind: 'startup', bytes: startup },
          ...statements.map(({ text }, i) => ({ kind: 'messages', bytes: messages[i], statements: [text] })),
          { kind: 'terminate' },
        ]);
      },
    ),
  );
});

test('a named statement is refused by its name', () => {
  const reader = new BatchReader();
  reader.read(startup);
  const batch = Buffer.concat([serialize.parse({ name: 'mine', text: 'SELECT 1' }), serialize.sync()]);
  expect(() => reader.read(batch)).toThrow('named prepared statement mine');
});

test('notifications are taken out of an answer', () => {
  const body = Buffer.concat([Buffer.from([0, 0, 0, 42]), Buffer.from('news\0sun\0')]);
  const notification = Buffer.concat([Buffer.from('A'), Buffer.alloc(4), body]);
  notification.writeUInt32BE(4 + body.length, 1);
  const rest = commandComplete('SELECT 1', 'transaction');
  const answer = readAnswer(Buffer.concat([notification, rest]));
  expect(answer).toEqual({
    bytes: rest,
    notifications: [{ channel: 'news', message: notification }],
    state: 'transaction',
  });
});
