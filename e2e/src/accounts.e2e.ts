import { ServerProcess } from '@strata/harness';
import { expectAccessible } from './axe.ts';
import { serverOptions } from './server-options.ts';
import { expect, test } from './test.ts';

/** Who operates a server: from the printed address of a new one to a colleague who may only look. */

// One story in two parts: the second logs in by what the first made.
test.describe.configure({ mode: 'serial', timeout: 400_000 });

let server: ServerProcess;
let printed = '';
test.beforeAll(async () => {
  const log = (line: string) => {
    printed = /Operator +(http\S+)/.exec(line)?.[1] ?? printed;
  };
  server = await ServerProcess.start({ ...serverOptions, token: null, log });
});
test.afterAll(() => server?.dispose());
// biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern.
test.use({ address: async ({}, use) => use(server) });

const words = 'four words of mine';

test('the printed address makes the first account, by keyboard alone; then there are others, and tokens', async ({
  world,
}) => {
  const page = await world.newPage('owner');
  await page.goto(printed);
  const form = page.getByTestId('first-account');
  await form.waitFor();
  await expectAccessible(page, 'first account');
  await page.reload(); // the token is still in the address
  const began = Date.now();
  await form.getByLabel('Name').focus();
  await page.keyboard.type('Ada');
  await page.keyboard.press('Tab');
  await page.keyboard.type(words);
  await page.keyboard.press('Enter');
  await page.getByText('There is none on this server yet').waitFor();
  console.log(`From the form to the dashboard: ${Date.now() - began} ms.`);
  expect(page.url()).toBe(`${server.url}/operator`);
  await page.reload();
  await page.getByText('There is none on this server yet').waitFor();
  // Nothing that logs in is where a script could read it.
  const kept = await page.evaluate(() =>
    JSON.stringify([document.cookie, { ...sessionStorage }, { ...localStorage }]),
  );
  expect(kept).not.toMatch(/strata-session|token|csrf/i);

  await page.getByTestId('session-menu').click();
  await page.getByRole('menuitem', { name: /Access/ }).click();
  const accounts = page.getByTestId('new-account');
  await accounts.getByLabel('Name').fill('vera');
  await accounts.getByLabel('Role').selectOption('viewer');
  await accounts.getByLabel('First password').fill(words);
  await accounts.getByRole('button', { name: 'Create the account' }).click();
  await page.locator('[data-account=vera]').waitFor();
  const tokens = page.getByTestId('new-token');
  await tokens.getByLabel('What it is for').fill('backup');
  await tokens.getByLabel('Role').selectOption('operator');
  await tokens.getByRole('button', { name: 'Create the token' }).click();
  const secret = await page.getByTestId('token-secret').inputValue();
  const runs = () => fetch(`${server.url}/api/runs`, { headers: { authorization: `Bearer ${secret}` } });
  expect((await runs()).status).toBe(200);
  await expectAccessible(page, 'access, of an owner');
  await page.getByRole('button', { name: 'Revoke backup' }).click();
  await page.getByText(/^revoked /).waitFor();
  expect((await runs()).status).toBe(401);
  await page.reload();
  await page.locator('[data-audit=token-revoked]').waitFor();
  expect(await page.locator('[data-audit]').count()).toBe(4);

  await page.goto(printed); // good for nothing any more
  await page.getByText('There is none on this server yet').waitFor();
  await page.getByTestId('session-menu').click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await page.getByTestId('log-in').waitFor();
  await page.goBack().catch(() => null);
  await page.getByTestId('log-in').waitFor();
  expect(world.pageErrors).toEqual([]);
});

test('a wrong password is said so; a viewer sees runs, and nothing that changes them', async ({ world }) => {
  // The account is the first test's.
  const page = await world.newPage('viewer', { viewport: { width: 360, height: 740 } });
  await page.goto(`${server.url}/operator`);
  const form = page.getByTestId('log-in');
  await form.getByLabel('Name').fill('VERA');
  await form.getByLabel('Password', { exact: true }).fill('not the right words');
  await form.getByRole('button', { name: 'Log in', exact: true }).click();
  await page.getByText('The name or the password is wrong.').waitFor();
  await expectAccessible(page, 'log in, refused');
  await form.getByLabel('Password', { exact: true }).fill(words);
  await page.keyboard.press('Enter');
  await page.getByText('There is none on this server yet').waitFor();
  await expect(page.getByRole('link', { name: 'Create a run' })).toHaveCount(0);
  await page.goto(`${server.url}/operator/new`);
  await page.getByText('This page is for the role operator').waitFor();
  await page.goto(`${server.url}/operator/access`);
  await page.getByTestId('own-password').waitFor();
  await expect(page.getByTestId('accounts')).toHaveCount(0);
  await expect(page.getByTestId('tokens')).toHaveCount(0);
  await expectAccessible(page, 'access, of a viewer');
});
