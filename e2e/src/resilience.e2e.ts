import { ServerProcess } from '@strata/harness';
import { serverOptions } from './server-options.ts';
import { expect, test as shared } from './test.ts';
import { tinyRun } from './world.ts';

/** What happens to tabs and servers in real life. On wasm: none of it is about a backend, and SwiftShader compiles for seconds in every tab. */
const wasm = { backend: 'wasm' };

const test = shared.extend<{
  /** A server to kill: the other tests go on with the shared one. */
  readonly mortal: ServerProcess;
}>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern.
  mortal: async ({}, use) => {
    const server = await ServerProcess.start(serverOptions);
    await use(server);
    await server.dispose();
  },
});

test('R3: a tab closed in mid-round holds nobody up', async ({ world }) => {
  const release = world.holdUpdates();
  const run = await world.startRun({ rounds: 1 });
  const tabs = await Promise.all([0, 1, 2].map((shard) => world.join(run, shard, wasm)));
  await world.inPhase(run, 'training');
  await tabs[2]?.context().close();
  release();
  const view = await world.finished(run, 90);
  expect(view.rounds.at(-1)).toMatchObject({ phase: 'committed', cohort: 3 });
  expect(view.rounds.at(-1)?.updates).toBeGreaterThanOrEqual(2);
});

test('R1: a tab that joins in mid-round is told to wait and takes part in the next', async ({ world }) => {
  const release = world.holdUpdates();
  const run = await world.startRun({ rounds: 2, cohort: { goal: 2, minimum: 1, quorum: 0.5 } });
  await world.join(run, 0, wasm);
  await world.inPhase(run, 'training');
  const late = await world.join(run, 1, wasm);
  await late.locator('[data-testid=status][data-phase=waiting][data-reason=next-round]').waitFor();
  release();
  const view = await world.finished(run);
  expect(view.rounds.map((r) => r.cohort)).toEqual([1, 2]);
});

test('R9: a page refresh resumes as the same participant', async ({ world }) => {
  const release = world.holdUpdates();
  const run = await world.startRun({ rounds: 1, cohort: { goal: 2, minimum: 2, quorum: 1 } });
  const [tab] = await Promise.all([0, 1].map((shard) => world.join(run, shard, wasm)));
  await world.inPhase(run, 'training');
  await tab?.reload();
  release();
  const view = await world.finished(run);
  expect(view.clients).toHaveLength(2);
  expect(view.rounds.map((r) => [r.phase, r.updates])).toEqual([['committed', 2]]);
});

test('C6: pause holds a tab, resume lets it go on, leave ends it', async ({ world }) => {
  const release = world.holdUpdates();
  const run = await world.startRun({ rounds: 2, cohort: { goal: 1, minimum: 1, quorum: 1 } });
  const tab = await world.join(run, 0, wasm);
  await world.inPhase(run, 'training');
  await tab.getByTestId('pause').click();
  await tab.getByTestId('pause-after-round').click();
  release();
  await world.inPhase(run, 'committed');
  await tab.locator('[data-testid=status][data-phase=paused]').waitFor();
  expect((await world.api.run(run)).clients[0]?.paused).toBe(true);
  world.holdUpdates();
  await tab.getByTestId('resume').click();
  await world.inPhase(run, 'training', 2);
  await tab.getByTestId('leave').click();
  await tab.getByTestId('leave-confirm').click();
  await tab.locator('[data-testid=ended][data-phase=left]').waitFor();
  await world.until(run, (v) => (v.clients[0]?.presence === 'left' ? true : undefined));
});

test.describe('a server of one’s own', () => {
  test.use({ address: async ({ mortal }, use) => use(mortal) });

  test('R8, R9: the server is killed in mid-round; a new start goes on and the tabs come back by themselves', {
    tag: '@long',
  }, async ({ world, mortal }) => {
    const run = await world.startRun({
      rounds: 2,
      cohort: { goal: 2, minimum: 2, quorum: 0.5 },
      // The kill comes amid the training itself, which polling must see: it has to last some seconds.
      local: { ...tinyRun.local, epochs: 100 },
    });
    await Promise.all([0, 1].map((shard) => world.join(run, shard, wasm)));
    await world.inPhase(run, 'training', 2);
    const before = await world.api.round(run, 1);
    await mortal.kill();
    await mortal.restart();
    const view = await world.finished(run);
    expect(view.rounds.filter((r) => r.phase === 'committed')).toHaveLength(2);
    const after = await world.api.round(run, 1);
    expect(after.checkpoint).toEqual(before.checkpoint);
    expect(after.members.map((m) => m.scores)).toEqual(before.members.map((m) => m.scores));
  });
});
