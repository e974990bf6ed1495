import swagger from '@fastify/swagger';
import {
  type Access,
  AccountView,
  Catalog,
  Checkpoint,
  ClientView,
  csrfHeader,
  ErrorBody,
  type ErrorCode,
  errorsOf,
  ImportedModel,
  JsonValue,
  joinKeyHeader,
  RoundDetail,
  RoundSummary,
  type Route,
  RunConfig,
  RunEvent,
  RunListItem,
  RunManifest,
  RunPublic,
  RunView,
  Session,
  TokenView,
  UpdateReceipt,
} from '@strata/fl-core/protocol';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { statusOf } from './reply.ts';

/** Schemas that the description names instead of repeating them. */
const named = {
  AccountView,
  Catalog,
  Checkpoint,
  ClientView,
  ImportedModel,
  JsonValue,
  RoundDetail,
  RoundSummary,
  RunConfig,
  RunEvent,
  RunListItem,
  RunManifest,
  RunPublic,
  RunView,
  Session,
  TokenView,
  UpdateReceipt,
};

/** Has the routes that are registered on `app` from here on described (OpenAPI 3.1): `app.swagger()` tells. */
export async function describeRoutes(app: FastifyInstance): Promise<void> {
  const schemaRegistry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) schemaRegistry.add(schema, { id });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Strata',
        description: 'What a Strata server answers over HTTP; the control plane is Socket.IO.',
        version: '0.1.0',
      },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: 'A token of an operator’s program.' },
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: 'strata-session-PORT',
            description: `A page that has logged in; all but GET with ${csrfHeader} as well.`,
          },
          client: { type: 'http', scheme: 'bearer', description: 'CLIENT.SECRET of a client of the run.' },
          invited: {
            type: 'apiKey',
            in: 'header',
            name: joinKeyHeader,
            description: 'The secret of the run’s join link; a listed run needs none.',
          },
        },
      },
    },
    transform: createJsonSchemaTransform({ schemaRegistry }),
    transformObject: createJsonSchemaTransformObject({ schemaRegistry }),
  });
}

/** A route as Fastify and the description take it. */
export function describeRoute(route: Route): FastifySchema {
  const { summary, access, params, query, body } = route;
  return {
    summary,
    ...security[access],
    ...(isEmpty(params) ? {} : { params: z.object(params) }),
    ...(isEmpty(query) ? {} : { querystring: z.object(query) }),
    ...(body === null ? {} : bodyOf(body)),
    response: { 200: answerOf(route.answer), ...refusalsOf(route) },
  };
}

const ofOperators = [{ token: [] }, { session: [] }];

/** Any one of these will do; an empty one is nothing. */
const security: Readonly<Record<Access, Pick<FastifySchema, 'security' | 'description'>>> = {
  anybody: {},
  invited: { security: [{}, { invited: [] }, { client: [] }, ...ofOperators] },
  viewer: { security: ofOperators, description: 'For every role: viewer, operator, owner.' },
  operator: { security: ofOperators, description: 'For the roles operator and owner.' },
  owner: { security: ofOperators, description: 'For the role owner.' },
  client: { security: [{ client: [] }] },
};

const isEmpty = (shape: object): boolean => Object.keys(shape).length === 0;

/** Any bytes. */
const AnyBytes = z.unknown();

const bodyOf = (body: NonNullable<Route['body']>) =>
  body.kind === 'json' ? { body: body.schema } : { body: AnyBytes, consumes: [body.mediaType] };

function answerOf(answer: Route['answer']) {
  return answer.kind === 'json'
    ? described('The answer.', z.object({ ok: z.literal(true), value: answer.schema }))
    : { description: 'The bytes.', content: { [answer.mediaType]: { schema: AnyBytes } } };
}

/** What the route is refused with, by HTTP status. */
function refusalsOf(route: Route): Record<number, ReturnType<typeof described>> {
  const codes = [...errorsOf(route)];
  return Object.fromEntries(
    [...new Set(codes.map(statusOf))].map((status) => {
      const alike = codes.filter((code) => statusOf(code) === status);
      return [status, described(`Refused: ${alike.join(', ')}.`, refusal(alike))];
    }),
  );
}

const refusal = (codes: readonly ErrorCode[]) =>
  z.object({ ok: z.literal(false), error: ErrorBody.extend({ code: z.enum(codes) }) });

const described = (description: string, schema: z.ZodType) => ({
  description,
  content: { 'application/json': { schema } },
});
