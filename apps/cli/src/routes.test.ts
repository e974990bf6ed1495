// @module-tag long
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Caller } from '@strata/client';
import { csrfHeader, type Route, routes } from '@strata/fl-core/protocol';
import { ServerProcess } from '@strata/harness';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { program } from './program.ts';
import { Terminal } from './terminal.ts';

/**
 * Everything a page can ask, a program can: each route of a server's own description is asked once at least, by a command
 * or by the typed client that commands use, and answered.
 */
let server: ServerProcess;
let folder: string;
let owner: Caller;
const asked = new Set<string>();
const plainFetch = globalThis.fetch;
const all = Object.values<Route>(routes);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strata-routes-'));
  server = await ServerProcess.start();
  owner = new Caller({ server: server.url, token: () => server.token });
  globalThis.fetch = async (input, init) => {
    const answer = await plainFetch(input, init);
    const found = routeOf(init?.method ?? 'GET', new URL(String(input)).pathname);
    if (answer.ok && found) asked.add(`${found.method} ${found.path}`);
    return answer;
  };
}, 240_000);
afterAll(async () => {
  globalThis.fetch = plainFetch;
  await server?.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** Of two that fit, the one without a parameter: `/api/accounts/first` is no account. */
function routeOf(method: string, pathname: string): Route | undefined {
  const fitting = all.filter(
    ({ method: m, path }) =>
      m === method && new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/:\w+/g, '[^/]+')}$`).test(pathname),
  );
  return fitting.find(({ path }) => path === pathname) ?? fitting[0];
}

/** A command as somebody types it; its answer. */
async function strata(...words: string[]) {
  const out: string[] = [];
  const terminal = new Terminal(
    new AbortController().signal,
    (line) => out.push(line),
    () => {},
  );
  const access = words[0] === 'join' ? [] : ['--server', server.url, '--token', server.token];
  await program(terminal).parseAsync([...words, ...access, '--json'], { from: 'user' });
  expect(terminal.exitCode, out.join('\n')).toBe(0);
  return JSON.parse(out.join('\n'));
}

const configuration = `
name: Routes
purpose: { kind: test, sampling: 1 }
visibility: listed
model: vit-nano
side: 16
data: { kind: image, sample: emoji }
labels: [food, nature]
strategy: { name: strata, lambda: 1 }
rounds: 1
cohort: { goal: 2, minimum: 2 }
local: { batchSize: 4, maxBatches: 1 }
`;

describe('the command line', () => {
  it('makes, forks, watches, exports, saves and deletes runs, and brings in models', async () => {
    const file = join(folder, 'run.yaml');
    const { samples } = await owner.call(routes.catalog, {});
    const labels = samples.find(({ id }) => id === 'emoji')?.labels ?? [];
    await writeFile(file, configuration.replace('[food, nature]', JSON.stringify(labels)));
    const made = await strata('runs', 'create', file);
    await strata('runs', 'start', made.id);
    const link = `${server.url}/join/${made.id}#${made.joinKey}`;
    const joined = await strata('join', link, '--sample', 'emoji', '--clients', '2', '--backend', 'cpu');
    expect(joined.clients).toHaveLength(2);
    expect(await strata('runs', 'watch', made.id)).toMatchObject({ state: 'finished' });
    expect((await strata('runs', 'list')).length).toBe(1);
    // What this process finds is what the run's page shows.
    const tests = await strata('test', made.id, '--sample', 'emoji', '--backend', 'cpu', '--round', 'all');
    expect(tests).toMatchObject([{ round: 1, data: 'emoji', samples: 519 }]);
    expect((await strata('runs', 'show', made.id)).tests).toEqual(tests);
    await strata('runs', 'export', made.id, '--out', join(folder, 'm.zip'));
    await strata('runs', 'export', made.id, '--safetensors', '--out', join(folder, 'm.safetensors'));
    const set = join(folder, 'set.yaml');
    await writeFile(set, 'name: A fork\nstrategy: { name: top }\nlocal: { epochs: 2 }');
    const fork = await strata('runs', 'fork', made.id, '--set', set);
    expect(fork.config).toMatchObject({
      name: 'A fork',
      rounds: 1,
      strategy: { name: 'top' },
      local: { epochs: 2, batchSize: 4 },
    });
    expect(fork.config.strategy).not.toHaveProperty('lambda');
    await strata('runs', 'delete', fork.id);
    expect(await strata('backup', join(folder, 'all.tar'))).toMatchObject({ runs: [made.id] });
    const log = join(folder, 'audit.jsonl');
    const { head, entries } = await strata('audit', '--out', log);
    expect(await strata('audit', log, '--head', head)).toEqual({ entries, head, signed: 2, unsigned: 0 });
    // The exported folder of the run is a model like any other.
    await mkdir(join(folder, 'model'));
    for (const [name, bytes] of Object.entries(unzipSync(await readFile(join(folder, 'm.zip'))))) {
      await writeFile(join(folder, 'model', name.split('/').at(-1) ?? ''), bytes);
    }
    const { source } = await strata('import', join(folder, 'model'));
    expect(source).toMatch(/^upload:[0-9a-f]{64}$/);
    expect(await owner.call(routes.findModel, { body: { source } })).toMatchObject({ source });
  }, 240_000);
});

describe('the typed client', () => {
  it('looks a server and a run over', async () => {
    expect(await owner.call(routes.health, {})).toEqual({ status: 'alive' });
    expect(await owner.call(routes.ready, {})).toEqual({ ready: true, lacks: [] });
    expect(await owner.call(routes.knock, {})).toBeNull();
    expect(await owner.call(routes.joinAddresses, {})).toBeTruthy();
    expect(await (await owner.bytes(routes.metrics, {})).text()).toContain('strata_runs{state="finished"} 1');
    const [run] = await owner.call(routes.runs, {});
    const params = { run: run?.id ?? '' };
    expect(await owner.call(routes.publicRuns, {})).toEqual([]);
    expect(await owner.call(routes.publicRun, { params })).toMatchObject({ id: params.run });
    expect((await owner.call(routes.round, { params: { ...params, round: 1 } })).members).toHaveLength(2);
    expect(await (await owner.bytes(routes.dataSheet, { params })).text()).toContain('# ');
    expect((await owner.call(routes.audit, { query: { limit: 1 } })).entries).toHaveLength(1);
  });

  it('invites and sends away', async () => {
    const [run] = await owner.call(routes.runs, {});
    const params = { run: run?.id ?? '' };
    const { joinKey, clients } = await owner.call(routes.run, { params });
    expect((await owner.call(routes.renewJoinKey, { params })).joinKey).not.toBe(joinKey);
    const body = { site: 'Hospital A' };
    const { invitation } = await owner.call(routes.createInvitation, { params, body });
    expect(await owner.call(routes.invitations, { params })).toEqual([invitation]);
    const revoke = { params: { ...params, invitation: invitation.id } };
    expect((await owner.call(routes.revokeInvitation, revoke)).revokedAt).not.toBeNull();
    const client = clients[0]?.id ?? '';
    const ban = { params: { ...params, client }, body: { command: 'ban' } } as const;
    const { clients: left } = await owner.call(routes.commandClient, ban);
    expect(left.find((c) => c.id === client)).not.toEqual(clients[0]);
    expect(await strata('runs', 'participants', params.run)).toContainEqual(
      expect.objectContaining({ id: client, banned: true }),
    );
    const { clients: back } = await strata('runs', 'admit', params.run, client);
    expect(back).toContainEqual(expect.objectContaining({ id: client, banned: false }));
  });

  it('is an operator with an account, a session and tokens', async () => {
    const password = 'four words of mine';
    const made = await owner.call(routes.createAccount, { body: { name: 'ada', role: 'owner', password } });
    expect(made.map(({ name }) => name)).toEqual(['ada']);
    await owner.call(routes.createAccount, { body: { name: 'bob', role: 'owner', password } });
    const change = { params: { name: 'ada' }, body: { want: 'role', role: 'operator' } } as const;
    expect(await owner.call(routes.changeAccount, change)).toContainEqual(
      expect.objectContaining({ name: 'ada', role: 'operator' }),
    );
    expect(await owner.call(routes.accounts, {})).toHaveLength(2);
    // A page keeps the cookie that logging in sets; a program keeps it by hand.
    const logged = await fetch(owner.url(routes.logIn, { body: { name: 'ada', password } }), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'ada', password }),
    });
    const cookie = logged.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const { value } = await logged.json();
    const ada = new Caller({ server: server.url });
    const headers = { cookie, [csrfHeader]: value.csrf };
    expect(await ada.call(routes.session, {}, { headers })).toMatchObject({ state: 'in', name: 'ada' });
    const wanted = { body: { name: 'nightly', role: 'viewer', days: 1 } } as const;
    const { token } = await ada.call(routes.createToken, wanted, { headers });
    expect(await ada.call(routes.tokens, {}, { headers })).toEqual([token]);
    const revoke = { params: { token: token.id } };
    expect((await ada.call(routes.revokeToken, revoke, { headers })).revokedAt).not.toBeNull();
    const body = { current: password, password: 'four other words of mine' };
    expect(await ada.call(routes.changePassword, { body }, { headers })).toBeNull();
    expect(await ada.call(routes.logOut, {}, { headers })).toBeNull();
  });

  it('makes the first account of a server that has no program’s token', async () => {
    let token = '';
    const fresh = await ServerProcess.start({
      token: null,
      log: (line) => {
        token = /#token=(\S+)/.exec(line)?.[1] ?? token;
      },
    });
    try {
      const body = { token, name: 'ada', password: 'four words of mine' };
      const session = await new Caller({ server: fresh.url }).call(routes.firstAccount, { body });
      expect(session).toMatchObject({ state: 'in', role: 'owner' });
    } finally {
      await fresh.dispose();
    }
  }, 240_000);
});

it('no route of the server’s description is left out', async () => {
  const { paths } = await (await owner.bytes(routes.description, {})).json();
  const described = Object.entries(paths as Record<string, object>).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
  );
  expect(described.length).toBe(all.length);
  // By these a browser goes to an identity provider and comes back (sign-in.test.ts of the server); there is none here.
  const ofBrowsers = [routes.beginSignIn, routes.endSignIn];
  for (const route of ofBrowsers)
    await expect(owner.bytes(route, {})).rejects.toMatchObject({ code: 'wrong-state' });
  const left = described.filter((route) => !asked.has(route)).sort();
  expect(left).toEqual(ofBrowsers.map(({ method, path }) => `${method} ${path}`));
});
