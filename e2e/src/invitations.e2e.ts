import { expectAccessible } from './axe.ts';
import { expect, test } from './test.ts';

/** Who comes in, and who is sent away, as people see it. */

test('only who has the link gets in; the operator renews it, bans a participant and lets it back', async ({
  world,
}) => {
  const run = await world.startRun({ cohort: { goal: 2, minimum: 2, quorum: 1 } });
  const operator = await world.operate(`/operator/runs/${run}`);
  const shown = operator.getByTestId('join-link');
  await expect(shown).toHaveValue(await world.joinLink(run));

  const stranger = await world.newPage('stranger');
  await stranger.goto(`${world.server.url}/join/${run}`);
  await stranger.getByText('Ask for the link again').waitFor();
  await stranger.goto(world.server.url);
  await stranger.getByText('No run is open right now').waitFor();

  const page = await world.join(run, 0, { backend: 'wasm' });
  const row = operator.getByTestId('clients').locator('tr', { hasText: 'Tab 0' });
  await row.waitFor();
  const old = await world.joinLink(run);
  await operator.getByTestId('renew-link').click();
  await operator.getByTestId('confirm-renew').click();
  await expect(shown).not.toHaveValue(old);
  await expect(shown).toHaveValue(await world.joinLink(run));
  await stranger.goto(old);
  await stranger.getByText('This invitation is not valid').waitFor();

  await row.getByLabel('Actions on Tab 0').click();
  await operator.getByRole('menuitem', { name: 'Ban' }).click();
  await page.getByText('does not let you take part any more').waitFor();
  await expect(page.getByTestId('again')).toHaveCount(0);
  await expect(row).toHaveAttribute('data-presence', 'left');
  await page.reload();
  await page.getByText('does not let you take part any more').waitFor();

  await row.getByLabel('Actions on Tab 0').click();
  await operator.getByRole('menuitem', { name: 'Lift the ban' }).click();
  await expect(row.getByText('banned')).toHaveCount(0);
  await page.reload();
  await expect(row).toHaveAttribute('data-presence', 'connected');
});

test('an invitation for one site lets one participant in, says whose it was, and no second', {
  tag: '@long',
}, async ({ world }) => {
  test.setTimeout(240_000);
  const run = await world.startRun({ visibility: 'named', cohort: { goal: 2, minimum: 2, quorum: 1 } });
  const operator = await world.operate(`/operator/runs/${run}`);
  await operator.getByTestId('invitations-page').click();
  const form = operator.getByTestId('new-invitation');
  await form.getByLabel('For', { exact: true }).fill('Hospital A');
  await form.getByRole('button', { name: 'Create the invitation' }).click();
  const link = await operator.getByTestId('invitation-link').inputValue();
  const row = operator.locator('[data-invitation]');
  await expect(row).toHaveAttribute('data-open', 'true');
  await expectAccessible(operator, 'invitations');

  const address = new URL(link);
  address.search = new URLSearchParams({
    ...{ sample: 'emoji', shard: '0', of: '90', backend: 'wasm', seed: '1', name: 'Ada', autostart: '1' },
  }).toString();
  const page = await world.newPage('participant');
  await page.goto(address.href);
  await expect(row).toHaveAttribute('data-open', 'false');
  const stranger = await world.newPage('stranger');
  await stranger.goto(link);
  await stranger.getByText('This invitation was used already.').waitFor();
  const other = await world.newPage('another stranger');
  await other.goto(await world.joinLink(run));
  await other.getByText('This invitation is not valid').waitFor();
  await operator.goto(`${world.server.url}/operator/runs/${run}`);
  await operator.getByTestId('clients').getByText('Hospital A').waitFor();
  // Who is in comes back, whatever its link is worth by now.
  await page.reload();
  await expect(operator.getByTestId('clients').locator('tr', { hasText: 'Ada' })).toHaveAttribute(
    'data-presence',
    'connected',
  );
});

test('who is new waits until the operator lets them in, and is told what for', { tag: '@long' }, async ({
  world,
}) => {
  test.setTimeout(240_000);
  const run = await world.startRun({ approval: true, cohort: { goal: 2, minimum: 2, quorum: 1 } });
  const operator = await world.operate(`/operator/runs/${run}`);
  const list = operator.getByTestId('approval');
  await list.getByText('Nobody is waiting.').waitFor();
  const setup = await world.newPage('reads before joining');
  await setup.goto(await world.joinLink(run));
  await setup.getByText('your request waits until he has seen it').waitFor();

  const page = await world.join(run, 0, { backend: 'wasm' });
  await page.getByRole('heading', { name: 'Waiting to be let in' }).waitFor();
  await page.getByText('your place on the list stays').waitFor();
  await expect(page.getByTestId('status')).toHaveAttribute('data-reason', 'approval');
  await expectAccessible(page, 'waiting to be let in');
  await list.getByText('Tab 0').waitFor();
  await expect(operator.getByTestId('clients').getByText('Tab 0')).toHaveCount(0);
  await expectAccessible(operator, 'somebody waits to be let in');

  // Another one is refused, and comes back to no other answer.
  const other = await world.join(run, 1, { backend: 'wasm' });
  await list.getByRole('button', { name: 'Refuse Tab 1' }).click();
  await other.getByText('The operator of this run has not let you in.').waitFor();
  await expect(other.getByTestId('again')).toHaveCount(0);

  await list.getByRole('button', { name: 'Let Tab 0 in' }).click();
  await expect(page.getByTestId('status')).toHaveAttribute('data-reason', 'more-clients');
  await operator.getByTestId('clients').getByText('Tab 0').waitFor();
  await list.getByText('Nobody is waiting.').waitFor();
});

test('a participant goes on from a second device, and the first one is told', async ({ world }) => {
  test.setTimeout(240_000);
  const run = await world.startRun({ cohort: { goal: 2, minimum: 2, quorum: 1 } });
  const page = await world.join(run, 0, { backend: 'wasm' });
  await page.getByTestId('status').waitFor();
  // As from a browser that was moved: what this one keeps, in another.
  const kept = await page.evaluate(() => ({ ...sessionStorage }));
  const other = await world.newPage('second device');
  await other.addInitScript((all) => {
    for (const [key, value] of Object.entries(all)) sessionStorage.setItem(key, String(value));
  }, kept);
  await other.goto(page.url());
  await other.getByTestId('status').waitFor({ timeout: 60_000 });
  await page.getByRole('heading', { name: 'You go on elsewhere' }).waitFor();
  await page.getByTestId('again').click();
  await other.getByRole('heading', { name: 'You go on elsewhere' }).waitFor();
  await page.getByTestId('status').waitFor();
});
