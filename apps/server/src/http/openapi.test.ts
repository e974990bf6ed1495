import { Validator } from '@seriousme/openapi-schema-validator';
import { errorsOf, routes } from '@strata/fl-core/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../testing/server.ts';
import { statusOf } from './reply.ts';

let server: TestServer;
let document: Description;
beforeAll(async () => {
  server = await TestServer.start();
  // Believed: what it holds is tested below.
  document = (await (await server.operator.bytes(routes.description, {})).json()) as Description;
}, 120_000);
afterAll(() => server.close(), 60_000);

interface Description {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, unknown> };
}
interface Operation {
  readonly summary: string;
  readonly security?: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: object };
  readonly responses: Record<string, object>;
}

describe('the description of the API', () => {
  it('is OpenAPI 3.1', async () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    const { valid, errors } = await new Validator().validate({ ...document });
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  it('is of the routes of the protocol, and of nothing else', () => {
    const described = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const wanted = Object.values(routes).map(
      ({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`,
    );
    expect(described.sort()).toEqual(wanted.sort());
  });

  it.each(Object.entries(routes))('says all of %s', (_, route) => {
    const operation = document.paths[route.path.replace(/:(\w+)/g, '{$1}')]?.[route.method.toLowerCase()];
    expect(operation?.summary).toBe(route.summary);
    const any = {
      anybody: [],
      invited: [{}, 'invited', 'client', 'token', 'session'],
      viewer: ['token', 'session'],
      operator: ['token', 'session'],
      owner: ['token', 'session'],
      client: ['client'],
    };
    const wanted = any[route.access].map((way) => (typeof way === 'string' ? { [way]: [] } : way));
    expect(operation?.security ?? []).toEqual(wanted);
    const named = (place: string) =>
      (operation?.parameters ?? []).filter((p) => p.in === place).map((p) => p.name);
    expect(named('path').sort()).toEqual(Object.keys(route.params).sort());
    expect(named('query').sort()).toEqual(Object.keys(route.query).sort());
    expect(Object.keys(operation?.requestBody?.content ?? {})).toEqual(
      route.body === null ? [] : [route.body.kind === 'json' ? 'application/json' : route.body.mediaType],
    );
    const statuses = new Set([200, ...[...errorsOf(route)].map(statusOf)].map(String));
    expect(new Set(Object.keys(operation?.responses ?? {}))).toEqual(statuses);
  });

  it('refers to what it has', () => {
    const refers = JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g);
    const has = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
    expect([...new Set([...refers].map(([, to]) => to))].filter((to) => !has.includes(to ?? ''))).toEqual([]);
  });

  it('names schemas that are used more than once instead of repeating them', () => {
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(['RunView', 'Checkpoint']),
    );
    const answer = document.paths['/api/runs/{run}']?.get?.responses[200];
    expect(JSON.stringify(answer)).toContain('#/components/schemas/RunView');
  });
});
