import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { addressOf, bytes, defineRoute, errorsOf, json, type RouteRequest } from './route.ts';
import { type Routes, routes } from './routes.ts';

const things = defineRoute({
  method: 'POST',
  path: '/things/:thing/parts/:part',
  summary: 'A part of a thing.',
  access: 'operator',
  params: { thing: z.string(), part: z.coerce.number<number>() },
  query: { limit: z.coerce.number<number>().default(3), after: z.coerce.number<number>().optional() },
  body: json(z.object({ name: z.string() }), 'bad-config'),
  answer: bytes(),
  errors: ['unknown-round'],
});

describe('a route', () => {
  it('has an address with its parameters and its query', () => {
    const params = { thing: 'a/b c', part: 7 };
    expect(addressOf(things, { params })).toBe('/things/a%2Fb%20c/parts/7');
    expect(addressOf(things, { params, query: { after: undefined, limit: 2 } })).toBe(
      '/things/a%2Fb%20c/parts/7?limit=2',
    );
  });

  it('is asked with what its schemas take, and with nothing else', () => {
    const asked: RouteRequest<typeof things> = { params: { thing: 'a', part: 1 }, body: { name: 'x' } };
    expect(asked).toBeDefined();
    // @ts-expect-error: a parameter is missing
    const without: RouteRequest<typeof things> = { params: { thing: 'a' }, body: { name: 'x' } };
    // @ts-expect-error: the run is to be named
    const nameless: RouteRequest<Routes['run']> = {};
    expect([without, nameless]).toHaveLength(2);
  });

  it('has a schema for every parameter of its path', () => {
    // @ts-expect-error: `part` has none
    const bad = defineRoute({ ...things, path: '/things/:thing/parts/:part', params: { thing: z.string() } });
    expect(bad).toBeDefined();
    for (const { path, params } of Object.values(routes)) {
      const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name);
      expect(Object.keys(params).sort(), path).toEqual(names.sort());
    }
  });

  it('can be refused with what follows from its parts and what it names', () => {
    expect([...errorsOf(things)].sort()).toEqual([
      'bad-config',
      'bad-request',
      'forbidden',
      'foreign-address',
      'internal',
      'no-space',
      'rate-limited',
      'too-large',
      'unauthorized',
      'unavailable',
      'unknown-round',
    ]);
    expect([...errorsOf(routes.health)].sort()).toEqual([
      'foreign-address',
      'internal',
      'no-space',
      'unavailable',
    ]);
  });
});

it('no two routes are the same', () => {
  const all = Object.values(routes).map(({ method, path }) => `${method} ${path}`);
  expect(new Set(all).size).toBe(all.length);
});
