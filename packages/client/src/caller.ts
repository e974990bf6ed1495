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
  /** Sent with every request but GET, as they are at that moment. */
  readonly headers?: () => Readonly<Record<string, string>>;
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
  readonly #headers: NonNullable<CallerOptions['headers']>;

  constructor({ server, token = () => null, headers = () => ({}) }: CallerOptions) {
    this.#server = server;
    this.#token = token;
    this.#headers = headers;
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
    return readAnswer(route, response.status, await response.text(), sentBytes(request));
  }

  /** The answer of a route of bytes, still to be read. */
  async bytes<R extends BytesRoute>(
    route: R,
    request: RouteRequest<R>,
    options: CallOptions = {},
  ): Promise<Response> {
    const response = await this.#send(route, request, options);
    if (!response.ok) throw refusal(response.status, await response.text(), sentBytes(request));
    return response;
  }

  async #send(
    route: Route,
    request: AnyRequest,
    { signal, headers: more = {}, cache }: CallOptions,
  ): Promise<Response> {
    const headers = new Headers({ ...(route.method === 'GET' ? {} : this.#headers()), ...more });
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

/** The value in the body of a JSON route's answer to a request of `sent` bytes. @throws {StrataError} see {@link Caller}. */
export function readAnswer<R extends JsonRoute>(
  route: R,
  status: number,
  text: string,
  sent = 0,
): AnswerTaken<R> {
  const envelope = readEnvelope(text);
  if (envelope?.ok !== true) throw refusal(status, text, sent);
  const schema: R['answer']['schema'] = route.answer.schema;
  return understood(schema, envelope.value);
}

/** Why there is no answer. What is not Strata's own word has a `cause`; see {@link isFromBetween}. */
function refusal(status: number, text: string, sent: number): StrataError {
  const envelope = readEnvelope(text);
  if (envelope?.ok === false) return StrataError.fromBody(envelope.error);
  const cause = new Error(`HTTP ${status}`);
  if (status === 413) {
    return new StrataError(
      'blocked',
      `A server between this device and Strata refuses uploads of ${sizeText(sent)}.`,
      'Sending it again does not help. Whoever runs Strata can have the proxy in front of it let more through: nginx takes 1 MB unless client_max_body_size says otherwise.',
      { cause },
    );
  }
  return status >= 200 && status < 400
    ? new StrataError(
        'unavailable',
        `Something else than Strata answered (${status}).`,
        'Some networks want you to sign in before they let anything through: open another page, sign in, then try again.',
        { cause },
      )
    : new StrataError(
        'unavailable',
        `The server answered ${status} without saying why.`,
        'It may be restarting, or a proxy stands in between. Try again in a moment.',
        { cause },
      );
}

/** Whether nobody answered, or something else in Strata's place: a network, a proxy. */
export const isFromBetween = (error: unknown): error is StrataError =>
  error instanceof StrataError &&
  (error.code === 'unavailable' || error.code === 'blocked') &&
  error.cause !== undefined;

/** Bytes for people, in decimal units. */
export const sizeText = (bytes: number): string =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

function sentBytes({ body }: AnyRequest): number {
  if (body instanceof Uint8Array) return body.byteLength;
  return body instanceof Blob ? body.size : 0;
}

function readEnvelope(text: string): z.infer<typeof Envelope> | null {
  try {
    return Envelope.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
