import { epsilonOf } from '@strata/fl-core/privacy';
import { expectAccessible } from './axe.ts';
import { expect, test } from './test.ts';

/** A run that promises a bound: from the form to the end of its budget, in real tabs. */
test.describe.configure({ timeout: 580_000 });

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

  // What is told of how models do: nothing, unless it is asked for.
  await expect(plan).toContainText('Participants tell nobody how the models do on their data');
  await page.getByTestId('private-figures').selectOption('noised');
  await expect(plan).toContainText('which says next to nothing');
  await expect(page.getByLabel('Its share of ε')).toHaveValue('0.1');
  await expectAccessible(page, 'form, privacy, noised accuracy');
  await page.getByTestId('private-figures').selectOption('reported');
  await expect(plan).toContainText('ε says nothing of what they tell');
  await page.getByTestId('private-figures').selectOption('withheld');

  // Drawn in secret: nothing may follow from who was, and then less noise will do.
  await page.getByLabel('Chance to be in a round').fill('0.5');
  await expect(plan).toHaveAttribute('data-kind', 'conflicts');
  await expect(plan).toContainText('would tell who was drawn');
  await page.getByRole('button', { name: 'Use settings that fit' }).click();
  await expect(plan).toHaveAttribute('data-kind', 'plan');
  await expect(plan).toContainText('by chance more, fewer or nobody');
  await expectAccessible(page, 'form, privacy, drawn in secret');
  await page.getByLabel('Chance to be in a round').fill('');

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
    privacy: {
      kind: 'client',
      ...{ epsilon: 4, delta: 0.01, clip: 1, noise: 1.8 },
      figures: { kind: 'noised', share: 0.1 },
    },
  });
  const stranger = await world.newPage('stranger', { viewport: { width: 360, height: 740 } });
  await stranger.goto(await world.joinLink(run));
  const guarantee = stranger.getByTestId('guarantee');
  await expect(guarantee).toContainText('is right in at most 99 of 100 cases');
  await expect(guarantee).toContainText('ε 4, δ 0.01');
  await expect(guarantee).toContainText('together with the published share of right answers');
  await expect(stranger.getByTestId('figures-told')).toContainText('noised before anybody sees it');
  await expectAccessible(stranger, 'join page, privacy');

  const dashboard = await world.operate(`/operator/runs/${run}`);
  await expect(dashboard.locator('[data-figure=privacy]')).toContainText('ε 0.00');
  for (const shard of [0, 1, 2]) await world.join(run, shard, { backend: 'wasm' });
  const view = await world.until(run, (v) => (v.state === 'stopped' ? v : undefined), 450);
  expect(view.reason).toMatch(/^The privacy budget is spent/);
  const { spent } = view;
  expect(spent?.models).toBe(view.committed);
  expect(spent?.epsilon).toBeLessThanOrEqual(4);
  expect(view.committed).toBeGreaterThan(2);
  await expect(dashboard.locator('[data-figure=privacy]')).toContainText(`ε ${spent?.epsilon.toFixed(2)}`);
  await expect(dashboard.getByText('The privacy budget is spent').first()).toBeVisible();
  // 1.8 times three, over three participants, counted with the models.
  await expect(dashboard.locator('[data-figure=accuracy]')).toContainText('± 180.0 points of noise');
  await expect(dashboard.locator('[data-figure=loss]')).toContainText('not told');
  const told = dashboard.getByTestId('members').getByRole('columnheader');
  await expect(told).toHaveText(['Participant', 'State', 'Received', 'Sent']);
  const { epsilon } = epsilonOf(
    [1.8, 5.4].map((noise) => ({ sampling: 1, noise, rounds: view.committed })),
    0.01,
  );
  expect(spent?.epsilon).toBeCloseTo(epsilon, 9);
  await expectAccessible(dashboard, 'dashboard, privacy spent');
  expect(world.pageErrors).toEqual([]);
});
