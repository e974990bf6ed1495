import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineChannel, type Handlers } from './channel.ts';
import { dispatch } from './dispatch.ts';
import { operatorChannel } from './operator-channel.ts';

const channel = defineChannel({
  namespace: '/sums',
  auth: z.object({}),
  requests: {
    add: { message: z.object({ a: z.number(), b: z.number().default(1) }), answer: z.number() },
  },
  pushes: {},
});
const handlers: Handlers<typeof channel, string> = {
  add: async (asker, { a, b }) => a + b + asker.length,
};

describe('dispatch', () => {
  it('gives the handler who asks and the parsed message', async () => {
    expect(await dispatch(channel, handlers, 'ab', 'add', { a: 3 })).toBe(6);
  });

  it.each([
    ['sub', {}, 'There is no event sub.'],
    ['constructor', {}, 'There is no event constructor.'],
    [7, {}, 'There is no event 7.'],
    ['a\nb', {}, 'There is no event a b.'],
    ['add', { a: 'x' }, 'The message add is not valid: a:'],
    ['add', undefined, 'The message add is not valid: add:'],
  ])('refuses %s %j', async (event, message, says) => {
    await expect(dispatch(channel, handlers, '', event, message)).rejects.toMatchObject({
      code: 'bad-message',
      message: expect.stringContaining(says),
    });
  });

  it('has a handler for every request', () => {
    // @ts-expect-error: nobody handles `watch`
    const none: Handlers<typeof operatorChannel, null> = {};
    expect(Object.keys(none)).not.toEqual(Object.keys(operatorChannel.requests));
  });
});
