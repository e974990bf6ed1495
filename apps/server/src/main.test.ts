// @module-tag long
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { addressOf, routes } from '@strata/fl-core/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryDataDir, temporaryFolder } from './store/testing.ts';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const built = existsSync(join(repository, 'apps/web-client/dist/index.html'));
if (!built) console.warn('skipped: tests of the server process; the pages are not built (npm run build)');

/** The server as `npm start` runs it, with an environment of its own. */
function startMain(environment: Record<string, string>): ChildProcess {
  return spawn(process.execPath, ['apps/server/start.mjs'], {
    cwd: repository,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs until it ends by itself; what it said on standard error. */
async function failure(environment: Record<string, string>): Promise<{ code: number; lines: string[] }> {
  const child = startMain(environment);
  const said = child.stderr ? text(child.stderr) : '';
  const [code] = await once(child, 'exit');
  return { code, lines: (await said).trimEnd().split('\n') };
}

/** Resolves with the operator's address once the server prints it. */
async function operatorAddress(child: ChildProcess): Promise<URL> {
  let printed = '';
  for await (const chunk of child.stdout ?? []) {
    printed += chunk;
    const address = /Operator +(http\S+)/.exec(printed)?.[1];
    if (address) return new URL(address);
  }
  throw new Error(`the server ended: ${printed}`);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<unknown[]> {
  const ended = once(child, 'exit');
  child.kill(signal);
  return ended;
}

describe.skipIf(!built)('the server process', () => {
  let dataDir: string;
  let folder: string;
  let server: ChildProcess;
  let address: URL;
  beforeAll(async () => {
    [dataDir, folder] = [await temporaryDataDir(), await temporaryFolder()];
    server = startMain({ DATA_DIR: dataDir });
    address = await operatorAddress(server);
  }, 120_000);
  afterAll(async () => {
    if (server.exitCode === null && server.signalCode === null) await end(server, 'SIGKILL');
    for (const used of [dataDir, folder]) await rm(used, { recursive: true });
  });

  test('serves the pages and, to whoever makes the first account by the printed address, the API', async () => {
    expect((await fetch(address)).headers.get('content-type')).toContain('text/html');
    const token = address.hash.replace('#token=', '');
    const runs = (headers: Record<string, string>) =>
      fetch(new URL(addressOf(routes.runs), address), { headers });
    expect((await runs({ authorization: `Bearer ${token}` })).status).toBe(401);
    const made = await fetch(new URL(addressOf(routes.firstAccount), address), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token, name: 'Ada', password: 'four words of mine' }),
    });
    expect(await made.json()).toMatchObject({ ok: true, value: { name: 'ada', role: 'owner' } });
    const cookie = made.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    expect(await (await runs({ cookie })).json()).toEqual({ ok: true, value: [] });
    // As it is sent along by a browser whatever page asks: with nothing else it changes nothing.
    const stray = await fetch(new URL(addressOf(routes.logOut), address), {
      method: 'POST',
      headers: { cookie },
    });
    expect(stray.status).toBe(403);
    expect(await (await fetch(new URL(addressOf(routes.health), address))).json()).toMatchObject({
      ok: true,
    });
  });

  test('is ready, and its folder is its user’s alone: 0700, and 0600 for every file (umask 022)', async () => {
    const ready = await fetch(new URL(addressOf(routes.ready, {}), address));
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { ok: true, value: { ready: true, lacks: [] } },
    ]);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    const entries = await readdir(dataDir, { recursive: true, withFileTypes: true });
    const open: string[] = [];
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      if (((await stat(path)).mode & 0o077) !== 0) open.push(path);
    }
    expect([entries.length > 500, open]).toEqual([true, []]);
  });

  test('a second server on the same folder says so in one line', async () => {
    const { code, lines } = await failure({ DATA_DIR: dataDir });
    expect(lines).toEqual([
      `The data folder ${dataDir} is in use by another Strata server. Stop that server, or start this one with another DATA_DIR.`,
    ]);
    expect(code).toBe(1);
  }, 60_000);

  test('a taken port, a bad setting, an unwritable folder, an absent database: one line each', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const bound = taken.address();
    const port = typeof bound === 'object' && bound ? String(bound.port) : '';
    const cases: [Record<string, string>, string | RegExp][] = [
      [{ PORT: port }, `Port ${port} is taken. Set PORT to another one.`],
      [{ PORT: 'http' }, 'PORT: must be a whole number. See "Settings" in README.md.'],
      [{ DATA_DIR: join(repository, 'README.md', 'x') }, /^DATA_DIR: .* cannot be written \(ENOTDIR.*$/],
      [
        { DATABASE_URL: 'postgres://me:secret@127.0.0.1:1/none' },
        /^The database .*me@127\.0\.0\.1.* ECONNREFUSED/,
      ],
    ];
    const failures = await Promise.all(
      cases.map(async ([environment, line], i) => {
        const ended = await failure({ DATA_DIR: join(folder, String(i)), ...environment });
        return { ...ended, line };
      }),
    );
    for (const { code, lines, line } of failures) {
      expect(lines).toEqual([typeof line === 'string' ? line : expect.stringMatching(line)]);
      expect(lines.join()).not.toContain('secret');
      expect(code).toBe(1);
    }
    taken.close();
  }, 120_000);

  test('a folder that others can enter is mended, unless it holds what is not ours: each in one line', async () => {
    const [own, shared] = [join(folder, 'own'), join(folder, 'shared')];
    for (const path of [own, shared]) {
      await mkdir(path);
      await chmod(path, 0o755);
    }
    await writeFile(join(shared, 'thesis.txt'), 'not ours');
    const refused = await failure({ DATA_DIR: shared });
    expect([refused.code, refused.lines]).toEqual([
      1,
      [expect.stringMatching(/^DATA_DIR: other users of this machine can enter .*thesis\.txt/)],
    ]);
    expect((await stat(shared)).mode & 0o777).toBe(0o755);
    // Ends for another reason, after that.
    const mended = await failure({ DATA_DIR: own, DATABASE_URL: 'postgres://127.0.0.1:1/none' });
    expect(mended.lines[0]).toMatch(/^DATA_DIR .* was open to other users/);
    expect((await stat(own)).mode & 0o777).toBe(0o700);
  }, 60_000);

  /** In the folder of a server that starts, in the order of its parts; and some time after the last of them. */
  test.each([
    ['the lock', 'lock', 0],
    ['the database’s folder', 'postgres', 0],
    ['the blobs', 'blobs', 0],
    ['the blobs', 'blobs', 300],
    ['the blobs', 'blobs', 1000],
  ])(
    'SIGTERM in a start, when %s is there (%s, %d ms later), ends it cleanly',
    async (_, name, later) => {
      const place = join(folder, `start-${name}-${later}`);
      const starting = startMain({ DATA_DIR: place });
      const said = starting.stderr ? text(starting.stderr) : '';
      while (!existsSync(join(place, name))) await sleep(5);
      await sleep(later);
      expect([await end(starting, 'SIGTERM'), await said]).toEqual([[0, null], '']);
    },
    60_000,
  );

  test('SIGTERM ends it cleanly; the next start gets the folder at once, and prints no token any more', async () => {
    expect(await end(server, 'SIGTERM')).toEqual([0, null]);
    server = startMain({ DATA_DIR: dataDir });
    const again = await operatorAddress(server);
    expect([address.hash.length, again.hash]).toEqual(['#token='.length + 32, '']);
  }, 120_000);

  test('after kill -9 the next start gets the folder by itself', async () => {
    await end(server, 'SIGKILL');
    server = startMain({ DATA_DIR: dataDir });
    expect((await operatorAddress(server)).hash).toBe('');
    expect(await end(server, 'SIGINT')).toEqual([0, null]);
  }, 60_000);
});
