import { Readable } from 'node:stream';
import {
  type AnswerGiven,
  type JsonRoute,
  Role,
  type Route,
  type RouteInput,
  type Routes,
  routes,
} from '@strata/fl-core/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { z } from 'zod';
import type { Operator } from '../entry/operators/operator.ts';
import type { Admit } from './credentials.ts';
import { describeRoute } from './openapi.ts';
import { parse } from './parse.ts';
import { ok } from './reply.ts';

/** What the handler of a route gets: the parts of the request as the route's schemas say, and the request itself. */
export interface Asked<R extends Route> extends RouteInput<R, Readable> {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Who asks, of a role that the route needs; null where it needs none. */
  readonly operator: R['access'] extends Role ? Operator : null;
}

/** Gives the value that is the answer; or, of a route of bytes, has sent them. */
type RouteHandler<R extends Route> = (
  asked: Asked<R>,
) => Promise<R extends JsonRoute ? AnswerGiven<R> : FastifyReply>;

/** The server's side of all routes; one without a handler does not compile. */
export type RouteHandlers = { readonly [N in keyof Routes]: RouteHandler<Routes[N]> };

/** Registers every route of the protocol. `admit` throws where a role is missing. */
export function serveRoutes(app: FastifyInstance, handlers: RouteHandlers, admit: Admit): void {
  const all = routeNames.map((name) => optionsOf(name, handlers, admit));
  for (const { options, streams } of all) if (!streams) app.route(options);
  // What is streamed is not parsed: a scope of its own, without parsers.
  app.register(async (inner) => {
    inner.removeAllContentTypeParsers();
    inner.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    for (const { options, streams } of all) if (streams) inner.route(options);
  });
}

const isRouteName = (name: string): name is keyof Routes => Object.hasOwn(routes, name);
const routeNames = Object.keys(routes).filter(isRouteName);

/** A route as Fastify takes it, and whether its body is a stream. */
function optionsOf<N extends keyof Routes>(
  name: N,
  handlers: RouteHandlers,
  admit: Admit,
): { readonly options: RouteOptions; readonly streams: boolean } {
  const route: Routes[N] = routes[name];
  const handler: RouteHandlers[N] = handlers[name];
  const { method, path, access, body, answer }: Route = route;
  const streams = body?.kind === 'bytes';
  const role = Role.safeParse(access).data ?? null;
  const admitted = new WeakMap<FastifyRequest, Operator>();
  const answered = async (request: FastifyRequest, reply: FastifyReply, given: unknown): Promise<unknown> => {
    const { params, query } = request;
    const operator = admitted.get(request) ?? null;
    // The validator has made the parts of the request what the route's schemas say.
    const value = await handler({ params, query, body: given, request, reply, operator } as Asked<Routes[N]>);
    return answer.kind === 'json' ? ok(value) : value;
  };
  const options: RouteOptions = {
    method,
    url: path,
    schema: describeRoute(route),
    validatorCompiler: ({ schema, httpPart }) => {
      if (httpPart === 'body' && streams) return (value) => ({ value });
      const refusal = httpPart === 'body' && body?.kind === 'json' ? body.refusal : 'bad-request';
      return (value) => ({ value: parse(schema as z.ZodType, value ?? {}, refusal) });
    },
    serializerCompiler: () => JSON.stringify,
    // Before anything else of a request is read.
    onRequest: async (request) => {
      if (role !== null) admitted.set(request, await admit(request, role));
    },
    handler: async (request, reply) => {
      if (!streams) return answered(request, reply, request.body);
      const stream = request.body instanceof Readable ? request.body : Readable.from([]);
      return answered(request, reply, stream).catch((error: unknown) => {
        // What is left of a refused body is read and dropped, so that the client hears the answer; the server's
        // request timeout bounds how long.
        stream.resume();
        throw error;
      });
    },
  };
  return { options, streams };
}
