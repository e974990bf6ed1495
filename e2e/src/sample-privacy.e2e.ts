import type { Page } from '@playwright/test';
import { expectAccessible } from './axe.ts';
import { expect, test } from './test.ts';

/** A run whose participants protect each of their samples by themselves: from the form to the end of a promise. */
test.describe.configure({ timeout: 580_000 });

test('the form offers it, says what stands against it and what it comes to', { tag: '@long' }, async ({
  world,
}) => {
  const page = await world.operate('/operator/new');
  const plan = page.getByTestId('privacy-plan');
  await page.getByTestId('private-samples').focus();
  await page.keyboard.press('Space');
  await expect(plan).toHaveAttribute('data-kind', 'conflicts');
  await expect(plan).toContainText('no noise is on the answers');
  await expectAccessible(page, 'form, samples, conflicts');
  await page.getByRole('button', { name: 'Use settings that fit' }).click();
  await expect(plan).toHaveAttribute('data-kind', 'plan');
  await expect(plan).toContainText('with 1000 samples');
  await expect(plan).toContainText('nobody can check');
  await page.getByRole('textbox', { name: 'Noise', exact: true }).fill('0.05');
  await page.getByLabel('ε, at most').fill('0.1');
  await page.getByTestId('create').click();
  await expect(
    page.getByText(/^One round with a noise of 0.05 passes an epsilon of 0.1/).first(),
  ).toBeVisible();
  await expect(page).toHaveURL(/new$/);
  await expectAccessible(page, 'form, samples');
});

test('tabs say what they have spent, know it after a reload, and leave before their promise would be passed', {
  tag: '@long',
}, async ({ world }) => {
  const run = await world.startRun({
    strategy: { name: 'head-only' },
    rounds: 40,
    cohort: { goal: 3, minimum: 3 },
    local: { batchSize: 8, maxBatches: 2 },
    privacy: { kind: 'sample', epsilon: 6, delta: 1e-4, clip: 1, noise: 1.2 },
  });
  const stranger = await world.newPage('stranger', { viewport: { width: 360, height: 740 } });
  await stranger.goto(await world.joinLink(run));
  await expect(stranger.getByTestId('guarantee')).toContainText('Your device protects each of your');
  await expect(stranger.getByTestId('sample-privacy')).toContainText('noised on this device');
  await expectAccessible(stranger, 'join page, samples');

  const dashboard = await world.operate(`/operator/runs/${run}`);
  const tabs: Page[] = [];
  for (const shard of [0, 1, 2]) tabs.push(await world.join(run, shard, { backend: 'wasm' }));
  await world.until(run, (v) => (v.committed >= 1 ? v : undefined), 250);
  const spent = async () =>
    Number(/ε ([\d.]+) of 6/.exec((await tabs[0]!.getByTestId('spent').textContent()) ?? '')?.[1] ?? 0);
  const before = await spent();
  expect(before).toBeGreaterThan(0);
  await expectAccessible(tabs[0]!, 'live, samples');
  await expect(dashboard.locator('[data-figure=privacy]')).toContainText('as claimed');

  // The tab comes back, and goes on from what it had spent.
  await tabs[0]!.reload();
  await expect(tabs[0]!.getByTestId('spent')).toBeVisible({ timeout: 60_000 });
  expect(await spent()).toBeGreaterThanOrEqual(before);

  // One after the other leaves, with the reason, until too few are there.
  const events = await world.until(
    run,
    (v) => (v.clients.some((c) => c.presence === 'left') ? v : undefined),
    250,
  );
  expect(events.spent?.epsilon).toBeLessThanOrEqual(6);
  expect(events.spent?.epsilon).toBeGreaterThan(before);
  await expect(dashboard.getByText(/What was promised of each sample is spent/).first()).toBeVisible({
    timeout: 30_000,
  });
  expect(events.rounds.every((r) => r.accuracy === null && r.trainLoss === null)).toBe(true);
  expect(world.pageErrors).toEqual([]);
});
