import { expect, test } from './test.ts';

/** Every page, as a stranger meets it: on a phone and on a desk, by day and by night. */

const views = [
  { name: 'a phone, light', width: 360, height: 740, dark: false },
  { name: 'a desk, dark', width: 1280, height: 900, dark: true },
] as const;

for (const view of views) {
  test(`fit ${view.name}, and break no rule of the content-security policy`, async ({ world }) => {
    const run = await world.startRun();
    const page = await world.operate('/operator', view);
    const { url } = world.server;
    for (const path of [
      `${url}/`,
      `${url}/bench`,
      await world.joinLink(run),
      `${url}/operator`,
      `${url}/operator/new`,
      `${url}/operator/runs/${run}`,
    ]) {
      await page.goto(path);
      await page.getByRole('heading').first().waitFor();
      // Charts and lists come after the heading.
      await page.waitForLoadState('networkidle');
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow, `${path} overflows`).toBe(0);
    }
    expect(world.pageErrors).toEqual([]);
  });
}

test('the operator starts at the address with the token, which leaves the address bar', async ({ world }) => {
  await world.startRun();
  const page = await world.operate('/operator');
  await page.getByText('Tiny').first().waitFor();
  expect(page.url()).not.toContain(world.server.token);
});

test('without the token the operator pages show nothing', async ({ world }) => {
  const run = await world.startRun();
  const page = await world.newPage('stranger');
  await page.goto(`${world.server.url}/operator/runs/${run}`);
  await page.getByRole('heading').first().waitFor();
  await expect(page.getByTestId('importance')).toHaveCount(0);
  const answer = await fetch(`${world.server.url}/api/runs/${run}`);
  expect(answer.status).toBe(401);
});

test('the operator sees what the server lacks, on the list and on a run', async ({ world }) => {
  const run = await world.startRun();
  const page = await world.operate('/operator');
  await page.getByText('Tiny').first().waitFor();
  await expect(page.getByTestId('lacks-disk')).toHaveCount(0);
  // As the server says it of a full disk; the server's own tests have one.
  const lack = { what: 'disk', message: 'The disk is full.', hint: 'Free space.' };
  await page.route('**/readyz', (route) =>
    route.fulfill({ status: 503, json: { ok: true, value: { ready: false, lacks: [lack] } } }),
  );
  for (const path of ['/operator', `/operator/runs/${run}`]) {
    await page.goto(`${world.server.url}${path}`);
    await expect(page.getByTestId('lacks-disk')).toContainText('The disk is full. Free space.');
  }
});

test('participants see how many take part, and that a test is one, before they join', async ({ world }) => {
  const tests = await world.startRun({ cohort: { goal: 2, minimum: 1, quorum: 1 } });
  const page = await world.newPage('participant');
  await page.goto(await world.joinLink(tests));
  const card = page.getByTestId('privacy');
  await expect(card.getByTestId('test-run')).toContainText('what you send could be read by the organiser');
  await expect(card).toContainText('at least 1 participant, and 2 are wanted');
  await expect(card).toContainText('once a round, 8 at a time');

  const study = await world.startRun({ purpose: { kind: 'study' }, rounds: 1 });
  await page.goto(await world.joinLink(study));
  await expect(card).toContainText('at least 3 participants');
  await expect(card.getByTestId('test-run')).toHaveCount(0);
});

test('the form makes a study of three, and fewer only of a test', async ({ world }) => {
  const page = await world.operate('/operator/new');
  const least = page.getByLabel('Participants needed');
  await expect(least).toHaveValue('3');
  await least.fill('2');
  await page.getByRole('button', { name: 'Create' }).first().click();
  await expect(page.getByText('mark the run as a test')).toBeVisible();
  await page.getByLabel('Test', { exact: true }).check();
  await page.getByRole('button', { name: 'Create' }).first().click();
  await page.waitForURL(/\/operator\/runs\/run-/);
});
