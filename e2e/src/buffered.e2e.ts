import { expect, test } from './test.ts';

test('a slow tab holds nobody up, and its update counts in a later round, which says how stale it was', async ({
  world,
}) => {
  const run = await world.startRun({
    rounds: 100,
    purpose: { kind: 'test' },
    strategy: { name: 'top' },
    cohort: { goal: 2, minimum: 2, timing: { kind: 'buffered', atWork: 3, staleness: 50 } },
  });
  await world.join(run, 0, { backend: 'wasm' });
  await world.join(run, 1, { backend: 'wasm' });
  // It trains, and nothing of what it sends arrives for as long as this is not called.
  const release = world.holdUpdates();
  const slow = await world.join(run, 2, { backend: 'wasm' });
  const first = await world.until(run, ({ rounds }) => rounds.find((r) => r.cohort === 3)?.round);
  await world.until(run, (view) => (view.committed >= first + 2 ? true : undefined));
  await slow.locator('[data-testid=status][data-phase=sending]').waitFor();
  const { id: client } = (await world.api.run(run)).clients.find((c) => c.name === 'Tab 2')!;
  const carried = await world.api.round(run, first + 2);
  expect(carried.members.find((m) => m.client === client)).toMatchObject({
    since: first,
    state: 'working',
    updateBytes: null,
  });

  release();
  const late = await world.until(run, ({ rounds }) =>
    rounds.find((r) => r.phase === 'committed' && (r.stale?.updates ?? 0) > 0),
  );
  await world.api.command(run, 'stop');
  expect(late.round).toBeGreaterThan(first + 1);
  expect(late.updates).toBeGreaterThanOrEqual(2);
  const { members } = await world.api.round(run, late.round);
  const stale = members.find((m) => m.client === client);
  expect(stale?.since).toBe(first);
  expect(stale?.staleness).toBeGreaterThan(0);

  const operator = await world.operate(`/operator/runs/${run}`);
  await operator.getByText('carried on: 3 at work at once').waitFor();
  // The page shows the newest round, and others came after that one.
  await operator.getByRole('combobox', { name: 'Round', exact: true }).fill(`Round ${late.round}`);
  await operator.getByRole('option', { name: `Round ${late.round}`, exact: true }).click();
  await operator.getByTestId('stale').waitFor();
  expect(world.pageErrors).toEqual([]);
});

test('the form says what stands against carrying slow devices on, and settings that fit make such a run', async ({
  world,
}) => {
  const page = await world.operate('/operator/new');
  await page.getByTestId('advanced').click();
  await page.getByRole('radio', { name: 'Carried on (buffered)' }).check();
  const conflicts = page.getByTestId('buffered-conflicts');
  await conflicts.getByText('strata asks for a probe').waitFor();
  await conflicts.getByRole('button', { name: 'Use settings that fit' }).click();
  await conflicts.waitFor({ state: 'detached' });
  await page.getByLabel('At work at once').fill('5');
  await page.getByTestId('create').click();
  await page.waitForURL(/\/operator\/runs\//);
  const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
  const { config } = await world.api.run(id);
  expect(config.cohort.timing).toEqual({ kind: 'buffered', atWork: 5, staleness: 10 });
  expect(world.pageErrors).toEqual([]);
});
