import { type Ack, type ErrorBody, StrataError } from '@strata/fl-core/protocol';
import type { FastifyBaseLogger } from 'fastify';
import { explainTrouble, loggable } from '../failure.ts';

/** The edge between sockets and the server: whatever happens, the answer is an {@link Ack}. */

/** What a program may know of an error: its own, or that something went wrong. */
export function errorBody(error: unknown, log: FastifyBaseLogger): ErrorBody {
  if (error instanceof StrataError) return error.toBody();
  const trouble = explainTrouble(error);
  if (trouble) {
    log.warn({ err: loggable(error) }, 'event refused');
    return trouble.toBody();
  }
  log.error({ err: loggable(error) }, 'unexpected error');
  return { code: 'internal', message: 'Something went wrong on the server.', hint: 'Try again in a moment.' };
}

/**
 * Answers one event: never throws, whatever was sent. The acknowledgement is the last argument if that is a
 * function; without one the event is handled all the same.
 */
export async function answer<T>(
  args: readonly unknown[],
  log: FastifyBaseLogger,
  handle: (message: unknown) => Promise<T>,
): Promise<void> {
  const last = args.at(-1);
  const ack = isFunction(last) ? last : null;
  const message = ack && args.length === 1 ? undefined : args[0];
  let result: Ack<T>;
  try {
    result = { ok: true, value: await handle(message) };
  } catch (error) {
    result = { ok: false, error: errorBody(error, log) };
  }
  ack?.(result);
}

const isFunction = (value: unknown): value is (ack: unknown) => void => typeof value === 'function';
