import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { World } from './world.ts';

/** Every page, as a stranger meets it: on a phone and on a desk, by day and by night. */
describe('pages', () => {
  let world: World;
  let run = '';
  beforeAll(async () => {
    world = await World.enter();
    run = await world.startRun();
  });
  afterAll(() => world.leave());

  const views = [
    { name: 'a phone, light', width: 360, height: 740, dark: false },
    { name: 'a desk, dark', width: 1280, height: 900, dark: true },
  ] as const;

  it.each(views)('fit $name, and break no rule of the content-security policy', async (view) => {
    const page = await world.operate('/operator', view);
    for (const path of [
      '/',
      '/bench',
      `/join/${run}`,
      '/operator',
      '/operator/new',
      `/operator/runs/${run}`,
    ]) {
      await page.goto(`${world.server.url}${path}`);
      await page.getByRole('heading').first().waitFor();
      // Charts and lists come after the heading.
      await page.waitForLoadState('networkidle');
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(`${path} overflows by ${overflow}`).toBe(`${path} overflows by 0`);
    }
    await page.context().close();
    expect(world.pageErrors).toEqual([]);
  });

  it('the operator starts at the address with the token, which leaves the address bar', async () => {
    const page = await world.operate('/operator');
    await page.getByText('Tiny').first().waitFor();
    expect(page.url()).not.toContain(world.server.token);
  });

  it('without the token the operator pages show nothing', async () => {
    const page = await world.browser.newPage();
    await page.goto(`${world.server.url}/operator/runs/${run}`);
    await page.getByRole('heading').first().waitFor();
    expect(await page.getByTestId('importance').count()).toBe(0);
    const answer = await fetch(`${world.server.url}/api/runs/${run}`);
    expect(answer.status).toBe(401);
  });
});
