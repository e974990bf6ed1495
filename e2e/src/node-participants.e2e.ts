import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from './test.ts';

const strata = fileURLToPath(new URL('../../apps/cli/strata.mjs', import.meta.url));

test('a tab and two clients of `strata join` train in one cohort', async ({ world }) => {
  const run = await world.startRun({
    rounds: 2,
    cohort: { goal: 3, minimum: 3 },
    strategy: { name: 'strata', lambda: 1 },
  });
  const link = await world.joinLink(run);
  const words = [
    'join',
    link,
    '--sample',
    'emoji',
    '--clients',
    '2',
    '--backend',
    'wasm',
    '--name',
    'Node',
    '--json',
  ];
  const joined = promisify(execFile)(process.execPath, [strata, ...words], { maxBuffer: 2 ** 24 });
  await world.join(run, 0, { backend: 'wasm' });
  const { stdout } = await joined;
  const done = { end: 'finished', roundsDone: 2 };
  expect(JSON.parse(stdout).clients).toEqual([expect.objectContaining(done), expect.objectContaining(done)]);
  const view = await world.api.run(run);
  expect(view.state).toBe('finished');
  expect(view.clients.map(({ name }) => name).sort()).toEqual(['Node 1', 'Node 2', 'Tab 0']);
  for (const round of [1, 2]) {
    const { members } = await world.api.round(run, round);
    expect(members).toHaveLength(3);
    expect(members.every(({ updateBytes }) => updateBytes !== null)).toBe(true);
  }
  expect(world.pageErrors).toEqual([]);
});
