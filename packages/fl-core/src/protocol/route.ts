import type { z } from 'zod';
import type { ErrorCode } from './errors.ts';
import type { Role } from './operators.ts';

/**
 * What an HTTP route is, as a value: the server registers by it, clients call by it, and the description of the API
 * is written from it, so that none of them can differ from the others.
 */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Parameters as `:name`, each a whole part of the path. */
  readonly path: `/${string}`;
  /** What it is for, in a sentence. */
  readonly summary: string;
  readonly access: Access;
  /** One schema for each parameter of the path. */
  readonly params: Shape;
  readonly query: Shape;
  /** Null: the request has none. */
  readonly body: Content | null;
  readonly answer: Content;
  /** What it can be refused with, beside what follows from the rest ({@link errorsOf}). */
  readonly errors: readonly ErrorCode[];
}

/**
 * Who may call: anybody; who has at least a role, with the cookie of a session and {@link csrfHeader} for all but GET, or
 * with `authorization: Bearer TOKEN`; a client of a run, with `authorization: Bearer CLIENT.SECRET`; who is invited to a
 * run: anybody where it is listed, else who brings the secret of its join link ({@link joinKeyHeader}) or any of the others.
 */
export type Access = 'anybody' | 'invited' | 'client' | Role;

/** Header with the secret of a join link. */
export const joinKeyHeader = 'x-strata-join-key';

type Shape = Readonly<Record<string, z.ZodType>>;
export type Content = Json | Bytes;

/** A value as JSON; as an answer it comes as `{ok: true, value}`. */
export interface Json<S extends z.ZodType = z.ZodType> {
  readonly kind: 'json';
  readonly schema: S;
  /** What a body is refused with that does not fit the schema. */
  readonly refusal: 'bad-request' | 'bad-config';
}

/** Bytes as they are, streamed. */
export interface Bytes {
  readonly kind: 'bytes';
  readonly mediaType: string;
}

export const json = <S extends z.ZodType>(schema: S, refusal: Json['refusal'] = 'bad-request'): Json<S> => ({
  kind: 'json',
  schema,
  refusal,
});

export const bytes = (mediaType = 'application/octet-stream'): Bytes => ({ kind: 'bytes', mediaType });

type Name<Part extends string> = Part extends `:${infer N}` ? N : never;
/** The names of the parameters of a path. */
export type ParamNames<Path extends string> = Path extends `${infer First}/${infer Rest}`
  ? Name<First> | ParamNames<Rest>
  : Name<Path>;

/** A route with its own types; a parameter of the path without a schema does not compile. */
export const defineRoute = <const R extends Route>(
  route: R & { readonly params: { readonly [N in ParamNames<R['path']>]: z.ZodType } },
): R => route;

type Given<S extends Shape> = keyof S extends never ? object : z.input<z.ZodObject<S>>;
type Taken<S extends Shape> = z.output<z.ZodObject<S>>;

/** A part of a request that may be left out if all of it may. */
type Part<K extends string, T> = object extends T ? { readonly [P in K]?: T } : { readonly [P in K]: T };

/** What any route can be asked with. */
export interface AnyRequest {
  readonly params?: object;
  readonly query?: object;
  readonly body?: unknown;
}

/** What a caller brings. */
export type RouteRequest<R extends Route> = AnyRequest &
  Part<'params', Given<R['params']>> &
  Part<'query', Given<R['query']>> &
  BodyPart<R['body']>;
type BodyPart<B> =
  B extends Json<infer S>
    ? Part<'body', z.input<S>>
    : B extends Bytes
      ? { readonly body: Uint8Array<ArrayBuffer> | Blob | string }
      : unknown;

/** What a handler gets: parsed, defaults filled in. `Stream` is what bytes come as. */
export interface RouteInput<R extends Route, Stream> {
  readonly params: Taken<R['params']>;
  readonly query: Taken<R['query']>;
  readonly body: R['body'] extends Json<infer S> ? z.output<S> : R['body'] extends Bytes ? Stream : null;
}

/** A route whose answer is JSON. */
export type JsonRoute = Route & { readonly answer: Json };
/** A route that answers with bytes. */
export type BytesRoute = Route & { readonly answer: Bytes };
/** What a JSON route answers, as the server gives it. */
export type AnswerGiven<R extends JsonRoute> = z.input<R['answer']['schema']>;
/** What a JSON route answers, as a caller gets it. */
export type AnswerTaken<R extends JsonRoute> = z.output<R['answer']['schema']>;

/** The address of a route: its path with the parameters in it, and the query. */
export function addressOf(
  { path }: Pick<Route, 'path'>,
  { params = {}, query = {} }: Omit<AnyRequest, 'body'> = {},
): string {
  const values = new Map<string, unknown>(Object.entries(params));
  const filled = path.replace(/:(\w+)/g, (_all, name: string) =>
    encodeURIComponent(String(values.get(name))),
  );
  const asked = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(String(value))}`],
  );
  return asked.length === 0 ? filled : `${filled}?${asked.join('&')}`;
}

const refusalsOf: Readonly<Record<Access, readonly ErrorCode[]>> = {
  anybody: [],
  invited: ['not-invited', 'unauthorized', 'rate-limited', 'banned'],
  viewer: ['unauthorized', 'forbidden', 'rate-limited'],
  operator: ['unauthorized', 'forbidden', 'rate-limited'],
  owner: ['unauthorized', 'forbidden', 'rate-limited'],
  client: ['unauthorized', 'banned'],
};

/** All codes that a route can be refused with. */
export function errorsOf(route: Route): ReadonlySet<ErrorCode> {
  const { access, params, query, body, errors } = route;
  const asks = Object.keys(params).length + Object.keys(query).length > 0;
  return new Set<ErrorCode>([
    ...(asks ? (['bad-request'] as const) : []),
    ...(body === null ? [] : (['bad-request', 'too-large'] as const)),
    ...(body?.kind === 'json' ? [body.refusal] : []),
    ...refusalsOf[access],
    ...errors,
    'no-space',
    'foreign-address',
    'unavailable',
    'internal',
  ]);
}
