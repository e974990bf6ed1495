import { networkInterfaces } from 'node:os';
import { ServerProcess } from '@strata/harness';
import { serverOptions } from './server-options.ts';
import { expect, test as shared } from './test.ts';

/** Join links that others can open. */

const lan = Object.values(networkInterfaces())
  .flat()
  .find((info) => info?.internal === false && info.family === 'IPv4')?.address;
const lines: string[] = [];
const test = shared.extend<{ readonly open: ServerProcess }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern.
  open: async ({}, use) => {
    const env = { ...serverOptions.env, HOST: '0.0.0.0' };
    const server = await ServerProcess.start({ env, log: (line) => lines.push(line) });
    await use(server);
    await server.dispose();
  },
});

test('a link of this computer alone is said to be so', { tag: '@long' }, async ({ world }) => {
  const run = await world.startRun();
  const page = await world.operate(`/operator/runs/${run}`);
  await expect(page.getByTestId('join-warning')).toContainText('Only this computer');
  await expect(page.getByTestId('join-warning')).toContainText('docs/network.md');
});

test.describe('a server that listens to its network', () => {
  test.skip(lan === undefined, 'this machine is in no network');
  test.use({ address: async ({ open }, use) => use(open) });

  test('prints and offers an address that a phone can open; over http the link is copied all the same', {
    tag: '@long',
  }, async ({ world, open }) => {
    const address = `http://${lan}:${open.port}`;
    await expect.poll(() => lines.join('\n')).toContain(address);
    const run = await world.startRun({ rounds: 1, cohort: { goal: 1, minimum: 1, quorum: 1 } });
    const page = await world.operate(`/operator/runs/${run}`);
    const link = page.getByTestId('join-link');
    await expect(link).toHaveValue(new RegExp(`^${address}/join/`));
    await expect(page.getByTestId('join-warning')).toContainText('Without TLS');
    await page.getByTestId('join-address').selectOption(world.server.url);
    await expect(link).toHaveValue(new RegExp(`^${world.server.url}/join/`));
    await page.getByTestId('join-address').selectOption(address);

    // The operator's page over http, where browsers give pages no clipboard.
    const plain = await world.newPage('operator over http');
    await plain.goto(`${address}/operator/runs/${run}#token=${world.server.token}`);
    expect(await plain.evaluate('isSecureContext')).toBe(false);
    await plain.getByTestId('copy-link').click();
    await expect(plain.getByTestId('copy-link')).toHaveAttribute('aria-label', 'Copied');
    await plain.evaluate('document.execCommand = () => false');
    await plain.getByTestId('join-link').click();
    await plain.getByTestId('copy-link').click();
    await expect(plain.getByTestId('copy-link')).toHaveAttribute('aria-label', /copy it yourself/);

    // A whole round as a phone has it: no WebGPU, no storage, no locks, no crypto.subtle.
    const phone = await world.newPage('phone', { viewport: { width: 390, height: 664 } });
    await phone.goto(await link.inputValue());
    await phone.getByRole('button', { name: 'Use the sample data' }).click();
    await phone.locator('[data-testid=join]:enabled').click();
    await world.finished(run);
    await phone.locator('[data-testid=ended][data-phase=over]').waitFor();
  });
});
