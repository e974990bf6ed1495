import { shot } from './shot.ts';
import { expect, test } from './test.ts';

test('a budget of work is told in words, on a phone too', async ({ world }) => {
  const page = await world.operate('/operator/new', { width: 360, height: 740 });
  await page.getByRole('combobox', { name: 'Counted in' }).click();
  await page.getByRole('option', { name: 'Share of the work' }).click();
  const amount = page.getByLabel('Amount a round');
  await amount.fill('30');
  await expect(
    page.getByText(/This is about 30 % of the work of training all layers: of \d+ it holds/),
  ).toBeVisible();
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow).toBe(0);
  await shot(page, 'work-budget-form');
  expect(world.pageErrors).toEqual([]);
});
