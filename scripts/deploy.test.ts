import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { routes } from '@strata/fl-core/protocol';
import { expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

/** What of `deploy/` can be looked at without a container engine, a proxy or Helm. */

const root = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(root, 'deploy', file), 'utf8');

it('the Dockerfile starts what there is and asks a route that there is', () => {
  const file = read('Dockerfile');
  const command: string[] = JSON.parse(/^CMD (\[.*\])$/m.exec(file)?.[1] ?? '[]');
  expect(existsSync(join(root, command.at(-1) ?? ''))).toBe(true);
  expect(file).toContain(`http://127.0.0.1:8080${routes.health.path}`);
  expect(file).toMatch(/^USER node$/m);
});

it('the compose file has two servers on one database and one folder, and the proxy asks both whether they are ready', () => {
  const { services, volumes } = parse(read('compose/compose.yaml'), { merge: true });
  const proxy = read('compose/Caddyfile');
  const upstreams = /reverse_proxy (.*) \{/.exec(proxy)?.[1]?.split(' ');
  expect(upstreams).toEqual(['strata-1:8080', 'strata-2:8080']);
  expect(proxy).toContain(`health_uri ${routes.ready.path}\n`);
  const nodes = upstreams?.map((name) => services[name.split(':')[0] ?? '']) ?? [];
  const [first, second] = nodes;
  expect(first.environment).toEqual(second.environment);
  expect(first.environment.ALLOWED_ORIGINS.split(',')).toEqual(upstreams?.map((name) => `http://${name}`));
  // Longer than a server may take to end (apps/server/src/main.ts).
  expect(Number.parseInt(first.stop_grace_period, 10)).toBeGreaterThan(25);
  const mounts = nodes.map((node) => node.volumes.map((v: string) => v.split(':')));
  for (const [i, mount] of mounts.entries()) {
    expect(Object.fromEntries(mount)).toEqual({ shared: '/shared', [`data-${i + 1}`]: '/data' });
  }
  const used = Object.values<{ volumes?: string[] }>(services).flatMap((s) => s.volumes ?? []);
  const named = used.map((v) => v.split(':')[0] ?? '').filter((v) => !v.startsWith('.'));
  expect([...new Set(named)].sort()).toEqual(Object.keys(volumes).sort());
});

it('the chart’s template names values that there are, and is YAML with them', () => {
  const values = parse(read('helm/values.yaml'));
  const template = read('helm/templates/server.yaml');
  const valueAt = (path: string) =>
    path.split('.').reduce((value: unknown, key) => Reflect.get(Object(value), key), values);
  for (const [, path = ''] of template.matchAll(/\.Values\.([\w.]+)/g)) {
    expect([path, valueAt(path) === undefined]).toEqual([path, false]);
  }
  const filled = template
    .replace(/^.*\{\{- .*\}\}\n/gm, '')
    .replace(/^.*\{\{ (\$name|\.) \}\}.*\n/gm, '')
    .replace(/\{\{ \.Release\.Name \}\}/g, 'strata')
    .replace(/\{\{ \.Values\.([\w.]+)( \| quote)? \}\}/g, (_, path) => String(valueAt(path)));
  expect(filled).not.toContain('{{');
  const documents = parseAllDocuments(filled);
  expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
  expect(documents.map((d) => d.toJS().kind)).toEqual([
    'PersistentVolumeClaim',
    'Deployment',
    'Service',
    'Ingress',
  ]);
  expect(parse(read('helm/Chart.yaml'))).toMatchObject({ apiVersion: 'v2', name: 'strata' });
});
