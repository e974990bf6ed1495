import { expect, test } from './test.ts';

test('a refresh that fails leaves the list, says that it is old, and mends itself', { tag: '@long' }, async ({
  world,
}) => {
  await world.startRun({ name: 'Kept in the list', visibility: 'listed' });
  const found = 'Kept in the list';
  /** Both pages at once: what takes time here is that they look again after some seconds. */
  const staysUseful = async (path: string, calls: RegExp) => {
    const page = await world.newPage('list');
    let down = false;
    await page.route(calls, (route) => (down ? route.abort() : route.continue()));
    await page.goto(world.server.url + path);
    await expect(page.getByText(found).first()).toBeVisible();
    down = true;
    await expect(page.getByTestId('stale')).toContainText('does not answer', { timeout: 15_000 });
    await expect(page.getByText(found).first()).toBeVisible();
    down = false;
    await expect(page.getByTestId('stale')).toHaveCount(0, { timeout: 15_000 });
  };
  await Promise.all([
    staysUseful('/', /\/api\/public\/runs$/),
    staysUseful(`/operator#token=${world.server.token}`, /\/api\/runs$/),
  ]);
});
