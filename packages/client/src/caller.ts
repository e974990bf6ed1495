import {
  type Access,
  type AnswerTaken,
  type AnyRequest,
  addressOf,
  type BytesRoute,
  type JsonRoute,
  type Route,
  type RouteRequest,
  StrataError,
} from '@strata/fl-core/protocol';
import type { z } from 'zod';
import { Envelope, understood } from './envelope.ts';

export interface CallerOptions {
  /** Origin of the server; empty: the page's own. */
  readonly server: string;
  /** What stands behind `Bearer` on routes that are not for anybody; null where there is nothing to say. */
  readonly token?: (access: Exclude<Access, 'anybody'>) => string | null;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cache?: RequestCache;
}

/**
 * Calls a server by its routes. Every call throws a {@link StrataError}: what the server refused it with,
 * `unavailable` when it does not answer, or not as itself (a proxy), and `bad-message` when the answer is not what this
 * version understands. An aborted call rejects with the signal's reason.
 */
export class Caller {
  readonly #server: string;
  readonly #token: NonNullable<CallerOptions['token']>;

  constructor({ server, token = () => null }: CallerOptions) {
    this.#server = server;
    this.#token = token;
  }

  /** The address of a request, with the server's origin. */
  url<R extends Route>(route: R, request: RouteRequest<R>): string {
    return `${this.#server}${addressOf(route, request)}`;
  }

  /** The answer of a JSON route. */
  async call<R extends JsonRoute>(
    route: R,
    request: RouteRequest<R>,
    options: CallOptions = {},
  ): Promise<AnswerTaken<R>> {
    const response = await this.#send(route, request, options);
    return readAnswer(route, response.status, await response.text());
  }

  /** The answer of a route of bytes, still to be read. */
  async bytes<R extends BytesRoute>(
    route: R,
    request: RouteRequest<R>,
    options: CallOptions = {},
  ): Promise<Response> {
    const response = await this.#send(route, request, options);
    if (!response.ok) throw refusal(response.status, await response.text());
    return response;
  }

  async #send(
    route: Route,
    request: AnyRequest,
    { signal, headers: more = {}, cache }: CallOptions,
  ): Promise<Response> {
    const headers = new Headers(more);
    const token = route.access === 'anybody' ? null : this.#token(route.access);
    if (token !== null) headers.set('authorization', `Bearer ${token}`);
    const init: RequestInit = { method: route.method, headers };
    if (route.body?.kind === 'json') {
      headers.set('content-type', 'application/json');
      init.body = JSON.stringify(request.body);
    } else if (route.body?.kind === 'bytes') {
      headers.set('content-type', route.body.mediaType);
      init.body = request.body as BodyInit; // by RouteRequest
    }
    if (signal) init.signal = signal;
    if (cache) init.cache = cache;
    try {
      return await fetch(`${this.#server}${addressOf(route, request)}`, init);
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
}

/** The value in the body of a JSON route's answer. @throws {StrataError} see {@link Caller}. */
export function readAnswer<R extends JsonRoute>(route: R, status: number, text: string): AnswerTaken<R> {
  const envelope = readEnvelope(text);
  if (envelope?.ok !== true) throw refusal(status, text);
  const schema: R['answer']['schema'] = route.answer.schema;
  return understood(schema, envelope.value);
}

/** Why there is no answer. */
function refusal(status: number, text: string): StrataError {
  const envelope = readEnvelope(text);
  if (envelope?.ok === false) return StrataError.fromBody(envelope.error);
  return new StrataError(
    'unavailable',
    `The server answered ${status} without saying why.`,
    'It may be restarting, or a proxy stands in between. Try again in a moment.',
  );
}

function readEnvelope(text: string): z.infer<typeof Envelope> | null {
  try {
    return Envelope.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
