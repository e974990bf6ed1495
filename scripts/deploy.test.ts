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
  expect(first.environment.ALLOWED_ORIGINS.split('${')[0].split(',')).toEqual(
    upstreams?.map((name) => `http://${name}`),
  );
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

/** As README lists them, which `settings.test.ts` holds against what the server reads. */
const settings = [
  ...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^\| `([A-Z][A-Z0-9_]+)` +\|.*\|.*\|$/gm),
].map(([, name = '']) => name);

/** What neither file lets be set, and why. */
const fixed: Readonly<Record<string, string>> = {
  HOST: 'the image listens on all addresses of its container',
  PORT: 'the image, its health check, proxies and probes say 8080',
  DATA_DIR: 'where the volume of each server is',
  SHARED_DIR: 'where the volume of all servers is',
  PUBLIC_URL: 'follows from SITE and host, by which the certificate is made, too',
  STRATA_MODELS_DIR: 'a folder that no volume has; operators import or upload models instead',
};
/** What a ConfigMap, a values file or a deployment must never hold. */
const secrets = [
  'DATABASE_URL',
  'OPERATOR_TOKEN',
  'OIDC_CLIENT_SECRET',
  'S3_ACCESS_KEY_ID',
  'S3_SECRET_ACCESS_KEY',
];

it('each setting of a server can be given in the compose file, or it is said why not', () => {
  expect(settings.length).toBeGreaterThan(30);
  const { services } = parse(read('compose/compose.yaml'), { merge: true });
  const environment: Record<string, string> = services['strata-1'].environment;
  for (const name of settings) {
    const value = environment[name];
    // A default is of this file where the server's own is another one; a setting that is left out is empty there.
    if (name in fixed) expect([name, value?.includes(`\${${name}`)]).not.toEqual([name, true]);
    else if (name === 'DATABASE_URL') expect(value).toMatch(/^postgres:.*\$\{POSTGRES_PASSWORD:\?\}/);
    else expect([name, value?.includes(`\${${name}:`)]).toEqual([name, true]);
  }
  const names = new Set(settings);
  expect(Object.keys(environment).filter((name) => !names.has(name))).toEqual([]);
  for (const secret of secrets.filter((name) => name !== 'DATABASE_URL'))
    expect(environment[secret]).toMatch(new RegExp(`^\\$\\{${secret}:[?-]\\}$`));
});

it('each setting of a server can be given to the chart, secrets as such alone, or it is said why not', () => {
  const template = read('helm/templates/server.yaml');
  const listed = (variable: string) => {
    const line = new RegExp(`\\$${variable} := list (.*) \\}\\}`).exec(template)?.[1] ?? '';
    return line.split(' ').map((word) => JSON.parse(word) as string);
  };
  expect(listed('secrets').sort()).toEqual([...secrets].sort());
  const byValue = [...template.matchAll(/\{ name: ([A-Z_]+), value: (.*) \}$/gm)].map(([, name]) => name!);
  const own = listed('own');
  expect(own.slice().sort()).toEqual([...new Set([...byValue, ...Object.keys(fixed)])].sort());
  for (const name of settings) {
    // What is in neither list `settings` takes, by name.
    if (!own.includes(name) || name in fixed) continue;
    expect([name, new RegExp(`\\{ name: ${name}, value: \\{\\{ \\.Values\\.`).test(template)]).toEqual([
      name,
      true,
    ]);
  }
  for (const secret of secrets) {
    expect(byValue).not.toContain(secret);
    for (const file of ['values.yaml', 'Chart.yaml'])
      expect(read(`helm/${file}`)).not.toMatch(new RegExp(`^\\s*${secret}:`, 'm'));
  }
  expect(template).not.toMatch(/kind: ConfigMap/);
  expect(template).toMatch(
    /OIDC_CLIENT_SECRET, valueFrom: \{ secretKeyRef: \{ name: \{\{ \.Values\.oidc\.secret \}\}, key: OIDC_CLIENT_SECRET \}/,
  );
  const values = parse(read('helm/values.yaml'));
  const names = new Set(settings);
  for (const name of Object.keys(values.settings)) {
    expect([name, names.has(name)]).toEqual([name, true]);
    expect([name, [...own, ...secrets].includes(name)]).toEqual([name, false]);
  }
});

it('the page on deploying names each setting of an identity provider, and what cannot be set there', () => {
  const page = readFileSync(join(root, 'docs/deploy.md'), 'utf8');
  const oidc = settings.filter((name) => name.startsWith('OIDC_'));
  for (const name of [...oidc, ...Object.keys(fixed)])
    expect([name, page.includes(`\`${name}\``)]).toEqual([name, true]);
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
    .replace(/^.*\{\{ ternary .*\}\}.*\n/gm, '')
    .replace(/^.*\{\{ \. \}\}.*\n/gm, '')
    .replace(/\{\{ \.Release\.Name \}\}/g, 'strata')
    .replace(/\{\{ \.Values\.([\w.]+) \| quote \}\}/g, (_, path) => JSON.stringify(valueAt(path)))
    .replace(/\{\{ \.Values\.([\w.]+) \}\}/g, (_, path) => String(valueAt(path)));
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
