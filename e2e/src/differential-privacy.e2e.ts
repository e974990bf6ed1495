import { expectAccessible } from './axe.ts';
import { expect, test } from './test.ts';

/** A run that promises a bound: from the form to the end of its budget, in real tabs. */
test.describe.configure({ timeout: 300_000 });

test('the form finds what stands against differential privacy, shows what it comes to and refuses nonsense', {
  tag: '@long',
}, async ({ world }) => {
  const page = await world.operate('/operator/new');
  const plan = page.getByTestId('privacy-plan');
  await page.getByTestId('private').focus();
  await page.keyboard.press('Space');
  await expect(plan).toHaveAttribute('data-kind', 'conflicts');
  await expect(plan).toContainText('no bound on what one participant changes');
  await page.getByTestId('create').click();
  await expect(page).toHaveURL(/new$/);
  await expectAccessible(page, 'form, privacy, conflicts');

  await page.getByRole('button', { name: 'Use settings that fit' }).focus();
  await page.keyboard.press('Enter');
  await expect(plan).toHaveAttribute('data-kind', 'plan');
  await expect(plan).toContainText('times as long as the longest change that 3 participants can make');
  await expect(plan).toContainText('9997 of 10000 cases');
  await expectAccessible(page, 'form, privacy, plan');

  // With three participants at so small an epsilon a study would learn nothing: said, and refused.
  await page.getByLabel('ε, at most').fill('0.5');
  await page.getByTestId('create').click();
  await expect(page.getByText(/^Nothing would be learned: the noise is/)).toBeVisible();
  await expect(page).toHaveURL(/new$/);
  await expectAccessible(page, 'form, privacy, nonsense');
});

test('three tabs train until another round would pass epsilon: page, dashboard and card say the same', {
  tag: '@long',
}, async ({ world }) => {
  const run = await world.startRun({
    strategy: { name: 'head-only' },
    aggregation: { rule: { name: 'mean' } },
    rounds: 10,
    privacy: { kind: 'client', epsilon: 4, delta: 0.01, clip: 1, noise: 1.8 },
  });
  const stranger = await world.newPage('stranger', { viewport: { width: 360, height: 740 } });
  await stranger.goto(await world.joinLink(run));
  const guarantee = stranger.getByTestId('guarantee');
  await expect(guarantee).toContainText('is right in at most 99 of 100 cases');
  await expect(guarantee).toContainText('ε 4, δ 0.01');
  await expectAccessible(stranger, 'join page, privacy');

  const dashboard = await world.operate(`/operator/runs/${run}`);
  await expect(dashboard.locator('[data-figure=privacy]')).toContainText('ε 0.00');
  for (const shard of [0, 1, 2]) await world.join(run, shard, { backend: 'wasm' });
  const view = await world.until(run, (v) => (v.state === 'stopped' ? v : undefined), 200);
  expect(view.reason).toMatch(/^The privacy budget is spent/);
  const { spent } = view;
  expect(spent?.models).toBe(view.committed);
  expect(spent?.epsilon).toBeLessThanOrEqual(4);
  expect(view.committed).toBeGreaterThan(2);
  await expect(dashboard.locator('[data-figure=privacy]')).toContainText(`ε ${spent?.epsilon.toFixed(2)}`);
  await expect(dashboard.getByText('The privacy budget is spent').first()).toBeVisible();
  await expectAccessible(dashboard, 'dashboard, privacy spent');
  expect(world.pageErrors).toEqual([]);
});
