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
