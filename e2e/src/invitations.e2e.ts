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

test('an invitation for one site lets one participant in, says whose it was, and no second', async ({
  world,
}) => {
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
