// @module-tag long
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createCanvas } from '@napi-rs/canvas';
import { ServerProcess } from '@strata/harness';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { program } from './program.ts';
import { Terminal } from './terminal.ts';

let server: ServerProcess;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strata-cli-'));
  server = await ServerProcess.start();
}, 240_000);
afterAll(async () => {
  await server?.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a command as somebody types it, with what it prints. */
async function strata(words: readonly string[], stopped = new AbortController().signal) {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = new Terminal(
    stopped,
    (line) => out.push(line),
    (line) => err.push(line),
  );
  const operator = asksServer(words) ? ['--server', server.url, '--token', server.token] : [];
  await program(terminal).parseAsync([...words, ...operator], { from: 'user' });
  return { out: out.join('\n'), err, exitCode: terminal.exitCode };
}

/** Whether a command is told which server, and who asks. */
const asksServer = ([first = '', ...rest]: readonly string[]): boolean =>
  first === 'runs' || (first === 'backup' && !rest.includes('--data'));

const json = async (words: readonly string[]) => JSON.parse((await strata([...words, '--json'])).out);

/** A folder of pictures by label: bright ones and dark ones. */
async function pictures(name: string, count: number): Promise<string> {
  for (const [label, least] of [
    ['bright', 160],
    ['dark', 0],
  ] as const) {
    await mkdir(join(folder, name, label), { recursive: true });
    for (let i = 0; i < count; i++) {
      const canvas = createCanvas(20, 20);
      const context = canvas.getContext('2d');
      const grey = least + ((i * 37) % 90);
      context.fillStyle = `rgb(${grey}, ${grey}, ${grey})`;
      context.fillRect(0, 0, 20, 20);
      await writeFile(join(folder, name, label, `${i}.png`), canvas.toBuffer('image/png'));
    }
  }
  return join(folder, name);
}

const configuration = `
name: Bright or dark
purpose: { kind: test, sampling: 1 }
model: vit-nano
side: 16
data: { kind: image }
labels: [bright, dark]
strategy: { name: strata, lambda: 1 }
rounds: 2
cohort: { goal: 2, minimum: 2 }
local: { batchSize: 4, maxBatches: 2 }
`;

describe('a run on a command line', () => {
  test('is created, started, joined with two folders of pictures, watched, and its model taken home', async () => {
    const file = join(folder, 'run.yaml');
    await writeFile(file, configuration);
    const created = await strata(['runs', 'create', file]);
    const [run = '', link = ''] = created.out.split('\n').map((line) => line.replace('join link: ', ''));
    expect(await strata(['runs', 'list'])).toMatchObject({ out: expect.stringContaining('draft') });
    expect((await strata(['runs', 'start', run])).out).toBe(`${run} is running`);
    const [a, b] = [await pictures('a', 12), await pictures('b', 9)];
    await writeFile(join(a, 'bright', 'broken.png'), 'no picture');
    const state = join(folder, 'state');
    const joining = strata([
      'join',
      link,
      '--data',
      a,
      '--data',
      b,
      '--backend',
      'cpu',
      '--state',
      state,
      '--json',
    ]);
    const watched = await strata(['runs', 'watch', run]);
    const { out, err } = await joining;
    const { clients } = JSON.parse(out);
    expect(clients).toEqual([
      expect.objectContaining({ end: 'finished', roundsDone: 2 }),
      expect.objectContaining({ end: 'finished', roundsDone: 2 }),
    ]);
    expect(clients[0].samples + clients[0].heldOut).toBe(24);
    expect(err).toContainEqual(expect.stringMatching(/left out: a\/bright\/broken.png is not a picture/));
    expect(err).toContainEqual(expect.stringMatching(/^2: round 1: trains /));
    expect(watched.err.length).toBeGreaterThan(2);
    expect(watched.out).toContain('2 of 2 rounds, 2 participants');
    const shown = await json(['runs', 'show', run]);
    expect(shown).toMatchObject({ id: run, state: 'finished', committed: 2 });
    const zip = join(folder, 'model.zip');
    expect(await json(['runs', 'export', run, '--out', zip])).toMatchObject({ file: zip });
    expect((await readFile(zip)).subarray(0, 2).toString()).toBe('PK');
  });

  test('somebody who ends the command leaves the run', async () => {
    const file = join(folder, 'waits.yaml');
    await writeFile(file, configuration.replace('goal: 2, minimum: 2', 'goal: 9, minimum: 9'));
    const view = await json(['runs', 'create', file]);
    await strata(['runs', 'start', view.id]);
    const stop = new AbortController();
    const link = `${server.url}/join/${view.id}#${view.joinKey}`;
    const joining = strata(
      ['join', link, '--data', await pictures('c', 4), '--backend', 'cpu', '--json'],
      stop.signal,
    );
    await vi.waitUntil(
      async () => {
        const { clients } = await json(['runs', 'show', view.id]);
        return clients.some(({ presence }: { presence: string }) => presence === 'connected');
      },
      { timeout: 60_000, interval: 200 },
    );
    stop.abort();
    expect(JSON.parse((await joining).out).clients).toEqual([expect.objectContaining({ end: 'left' })]);
  });
});

describe('what is refused is said with the remedy, and the exit status says so', () => {
  test('a configuration with a mistake, by its place', async () => {
    const file = join(folder, 'mistake.yaml');
    await writeFile(file, configuration.replace('rounds: 2', 'rounds: many'));
    const { err, exitCode } = await strata(['runs', 'create', file]);
    expect(exitCode).toBe(1);
    expect(err.join('\n')).toMatch(/rounds/);
  });

  test('an unknown run, as JSON where it is wanted', async () => {
    const { out, exitCode } = await strata(['runs', 'show', 'run-0', '--json']);
    expect(exitCode).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'unknown-run' } });
  });

  test('no join link, no data, a label that is none', async () => {
    const view = await json(['runs', 'create', join(folder, 'run.yaml')]);
    await strata(['runs', 'start', view.id]);
    const link = `${server.url}/join/${view.id}#${view.joinKey}`;
    expect(await strata(['join', server.url, '--data', folder])).toMatchObject({ exitCode: 1 });
    expect((await strata(['join', link])).err).toEqual([expect.stringContaining('Give --data once')]);
    const means = [
      'join',
      link,
      '--data',
      await pictures('d', 4),
      '--backend',
      'cpu',
      '--means',
      'bright=sunny',
    ];
    expect((await strata(means)).err.join('\n')).toContain('"sunny" is no label of this run');
  });
});

test('a server is saved while it runs, restored into a folder, and saved again from there', async () => {
  const [file, again, data] = ['server.tar', 'again.tar', 'restored'].map((name) => join(folder, name));
  await writeFile(join(folder, 'saved.yaml'), configuration);
  await strata(['runs', 'create', join(folder, 'saved.yaml')]);
  const saved = await json(['backup', file ?? '']);
  expect(saved.runs.length).toBeGreaterThan(0);
  expect((await stat(file ?? '')).mode & 0o777).toBe(0o600);
  const restored = await json(['restore', file ?? '', '--data', data ?? '']);
  expect(restored).toMatchObject({ runs: saved.runs, rows: saved.rows });
  const { blobs, rows } = await json(['backup', again ?? '', '--data', data ?? '']);
  expect({ blobs, rows }).toEqual({ blobs: saved.blobs, rows: saved.rows });
  expect(await json(['restore', file ?? '', '--data', data ?? ''])).toMatchObject({
    error: { code: 'wrong-state' },
  });
  expect((await strata(['restore', join(folder, 'none.tar'), '--data', data ?? ''])).err).toEqual([
    expect.stringContaining('is no file'),
  ]);
  expect(await readdir(folder)).not.toContain('server.tar.part');
}, 120_000);

test('a server is served until the command is ended', async () => {
  const stop = new AbortController();
  const out: string[] = [];
  const terminal = new Terminal(
    stop.signal,
    (line) => out.push(line),
    () => {},
  );
  const words = ['serve', '--port', '0', '--data', join(folder, 'restored'), '--json'];
  const served = program(terminal).parseAsync(words, { from: 'user' });
  await vi.waitUntil(() => out.length > 0, { timeout: 60_000, interval: 100 });
  const { server: url, operator } = JSON.parse(out.join('\n'));
  expect(operator).toMatch(/\/operator/);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  stop.abort();
  await served;
  expect(terminal.exitCode).toBe(0);
  await expect(fetch(`${url}/readyz`)).rejects.toThrow();
}, 120_000);

test('a simulation is the experiments’ own, and its exit status is said', async () => {
  const { err, exitCode } = await strata(['simulate', join(folder, 'no.yaml'), '--dry-run']);
  expect([exitCode > 0, err.join('\n')]).toEqual([true, expect.stringContaining('no.yaml')]);
}, 60_000);

test('bash completes commands, their own commands and options', async () => {
  const { out } = await strata(['completion']);
  const complete = async (...words: string[]) => {
    const script = `${out}\nCOMP_WORDS=(strata ${words.map((w) => `"${w}"`).join(' ')})\nCOMP_CWORD=${words.length}\n_strata\necho "\${COMPREPLY[@]}"`;
    const { stdout } = await promisify(execFile)('bash', ['-c', script]);
    return stdout.trim().split(' ');
  };
  expect(await complete('jo')).toEqual(['join']);
  expect(await complete('runs', 'st')).toEqual(['start', 'stop']);
  expect(await complete('s')).toEqual(['serve', 'simulate']);
  expect(await complete('runs', 'fork', 'run-1', '--s')).toEqual(['--server', '--set']);
  expect(await complete('join', 'https://x/join/r', '--sa')).toEqual(['--sample']);
});
