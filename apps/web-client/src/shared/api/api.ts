import { ErrorBody, StrataError } from '@strata/fl-core/protocol';
import { z } from 'zod';
import { operatorToken } from './token.ts';

export interface CallOptions {
  readonly method?: 'GET' | 'POST';
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** Any thrown thing as the one error class that the pages show. */
export function asStrataError(error: unknown): StrataError {
  if (error instanceof StrataError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StrataError(
    'internal',
    message,
    'Reload the page; if it happens again, look at the server’s log.',
  );
}

/** Sends the operator's token where there is one; the server's public routes do not look at it. */
export async function send(
  path: string,
  { method = 'GET', body, signal }: CallOptions = {},
): Promise<Response> {
  const headers = new Headers({ accept: 'application/json' });
  const token = operatorToken();
  if (token !== null && path.startsWith('/api/')) headers.set('authorization', `Bearer ${token}`);
  const init: RequestInit = { method, headers };
  if (body !== undefined) {
    headers.set('content-type', 'application/json');
    init.body = JSON.stringify(body);
  }
  if (signal) init.signal = signal;
  try {
    return await fetch(path, init);
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new StrataError(
      'unavailable',
      'The server does not answer.',
      'Check that it is running and that this device is online, then try again.',
      { cause },
    );
  }
}

/**
 * Calls a JSON route and checks the answer against its schema.
 * @throws {StrataError} what the server answered, `unavailable` when it does not answer, `bad-message` when
 *   the answer is not what this version of the page understands. An aborted call rejects with an AbortError.
 */
export async function call<T>(schema: z.ZodType<T>, path: string, options: CallOptions = {}): Promise<T> {
  const response = await send(path, options);
  return readAnswer(schema, response.status, await response.text());
}

const Envelope = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), error: ErrorBody }),
]);

/** @throws {StrataError} see {@link call}. */
export function readAnswer<T>(schema: z.ZodType<T>, status: number, text: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new StrataError(
      'unavailable',
      `The server answered ${status} without saying why.`,
      'It may be restarting, or a proxy stands in between. Try again in a moment.',
      { cause },
    );
  }
  const envelope = understood(Envelope, json);
  if (!envelope.ok) throw StrataError.fromBody(envelope.error);
  return understood(schema, envelope.value);
}

/** @throws {StrataError} `bad-message` when the value is not what this version of the page understands. */
export function understood<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new StrataError(
    'bad-message',
    `The server's answer has an unexpected form: ${z.prettifyError(parsed.error)}`.slice(0, 500),
    'The page and the server are probably of different versions: reload the page.',
    { cause: parsed.error },
  );
}
