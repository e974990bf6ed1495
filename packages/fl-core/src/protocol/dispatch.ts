import type { z } from 'zod';
import type { Channel, Handlers, RequestName } from './channel.ts';
import { StrataError } from './errors.ts';
import { plainLine } from './plain-text.ts';

/**
 * The server's side of a channel: finds the handler of a request and gives it the parsed message. Whatever was sent, it
 * throws nothing but what the handler throws, and `bad-message`.
 */
export async function dispatch<C extends Channel, Asker>(
  channel: C,
  handlers: Handlers<C, Asker>,
  asker: Asker,
  event: unknown,
  message: unknown,
): Promise<unknown> {
  if (typeof event !== 'string' || !isRequest(channel, event)) {
    throw new StrataError(
      'bad-message',
      `There is no event ${plainLine(String(event).slice(0, 64))}.`,
      'Reload the page: this client may be of another version.',
    );
  }
  return handle(channel, handlers, asker, event, message);
}

function handle<C extends Channel, Asker, E extends RequestName<C>>(
  channel: C,
  handlers: Handlers<C, Asker>,
  asker: Asker,
  event: E,
  message: unknown,
) {
  const requests: C['requests'] = channel.requests;
  const request: C['requests'][E] = requests[event];
  const schema: C['requests'][E]['message'] = request.message;
  return handlers[event](asker, parseMessage(schema, message, event));
}

const isRequest = <C extends Channel>({ requests }: C, event: string): event is RequestName<C> =>
  Object.hasOwn(requests, event);

/** Throws `bad-message` with the first few problems. `what` names the message. */
export function parseMessage<S extends z.ZodType>(schema: S, message: unknown, what: string): z.output<S> {
  const parsed = schema.safeParse(message);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .slice(0, 5)
    .map((i) => `${i.path.join('.') || what}: ${i.message}`)
    .join('; ');
  throw new StrataError(
    'bad-message',
    `The message ${what} is not valid: ${problems}.`.slice(0, 1000),
    'Reload the page: this client may be older than the server.',
  );
}
