import type { Page } from '@playwright/test';
import { strToU8, zipSync } from 'fflate';
import { PNG } from 'pngjs';
import { expectAccessible } from './axe.ts';
import { expect, test } from './test.ts';
import { serverWithTinyModels } from './tiny-model.ts';

/** Every page in every state, as somebody meets it who cannot see it well, or not at all. */

// Some hundred looks by axe, each a second of a processor.
test.describe.configure({ timeout: 400_000 });

/** A server of its own: the list of runs is empty once, and there is a model for every task. */
let models: Awaited<ReturnType<typeof serverWithTinyModels>>;
test.beforeAll(async () => {
  models = await serverWithTinyModels();
});
test.afterAll(() => models?.dispose());
// biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern.
test.use({ address: async ({}, use) => use(models.server) });

test('axe finds nothing on a server without runs, on the form, and where there is nothing', {
  tag: '@long',
}, async ({ world }) => {
  const page = await world.newPage('stranger');
  const { url, token } = world.server;
  await page.goto(url);
  await page.getByText('No run is open right now').waitFor();
  await expectAccessible(page, 'start page, empty');

  await page.goto(`${url}/nothing/here`);
  await page.getByRole('heading', { name: 'There is nothing at this address' }).waitFor();
  await expect(page).toHaveTitle('Not found · Strata');
  await expectAccessible(page, 'not found');

  await page.goto(`${url}/operator`);
  await page.getByLabel('Password', { exact: true }).waitFor();
  await expectAccessible(page, 'log in');
  await page.getByRole('button', { name: 'Log in with a token instead' }).click();
  await page.getByLabel('Token', { exact: true }).waitFor();
  await expectAccessible(page, 'log in, token asked for');

  await page.goto(`${url}/bench`);
  await page.getByRole('heading').first().waitFor();
  await expectAccessible(page, 'bench');

  await page.goto(`${url}/operator#token=${token}`);
  await page.waitForFunction(() => !location.hash.includes('token='));
  await page.reload();
  await page.getByText('There is none on this server yet').waitFor();
  await expectAccessible(page, 'list of runs, empty');

  await page.goto(`${url}/operator/new`);
  await page.getByRole('heading', { name: 'New run' }).waitFor();
  await page.getByTestId('import-model').click();
  for (const [model, tasks] of [
    ['bert', [/One label of a text/, /Any number of labels/, /Two texts compared/]],
    ['gpt2', [/Continue a text/]],
  ] as const) {
    await page.getByLabel('Where it is').fill(`folder:${model}`);
    await page.getByRole('button', { name: 'Use this model' }).click();
    for (const task of tasks) {
      await page.getByTestId('tasks').getByRole('radio', { name: task }).click();
      await expectAccessible(page, `form, ${task}`);
    }
  }
  await page.getByRole('radio', { name: /ViT mini/ }).click();
  await page.getByTestId('more-strategies').click();
  await page.getByTestId('advanced').click();
  await page.getByLabel('Participants needed').fill('2');
  await page.getByTestId('create').click();
  await page.getByText('mark the run as a test').waitFor();
  await expectAccessible(page, 'form, all unfolded, with an error');
});

/** Pictures in folders, one of another name than the labels', one file broken. */
function pets(): Buffer {
  const picture = (i: number) => {
    const image = new PNG({ width: 8, height: 8 });
    image.data.fill(i + 1);
    return new Uint8Array(PNG.sync.write(image));
  };
  const files = Array.from({ length: 12 }, (_, i) => [`${i % 2 ? 'cat' : 'Eule'}/${i}.png`, picture(i)]);
  return Buffer.from(zipSync({ ...Object.fromEntries(files), 'cat/broken.png': strToU8('no picture') }));
}

const phase = (page: Page, name: string) =>
  page.locator(`[data-testid=status][data-phase=${name}]`).waitFor();

test('axe finds nothing through the life of a run, on its pages and on those of its participants', {
  tag: '@long',
}, async ({ world }) => {
  const release = world.holdUpdates();
  const run = await world.startRun({
    name: 'Life of a run',
    visibility: 'listed',
    rounds: 1,
    cohort: { goal: 3, minimum: 3, quorum: 0.5 },
    // A round stays open for as long as one looks at it.
    deadlines: { probing: 600, training: 600, evaluating: 600 },
    budget: { kind: 'participant', unit: 'layers', fallback: 2 },
  });
  const operator = await world.operate(`/operator/runs/${run}`);
  await operator.getByText('Nobody has joined yet').waitFor();
  await expectAccessible(operator, 'dashboard, waiting');

  const stranger = await world.newPage('stranger');
  await stranger.goto(world.server.url);
  await stranger.getByText('Life of a run').waitFor();
  await expectAccessible(stranger, 'start page, an open run');

  const page = await world.newPage('participant');
  await page.goto(await world.joinLink(run, { backend: 'wasm', seed: '1', shard: '0', of: '90' }));
  await page.locator('[data-backend=wasm]').waitFor();
  await expectAccessible(page, 'join page, before joining');
  await page.getByText('Use the sample data').click();
  await page.locator('[data-testid=join]:enabled').waitFor();
  await expectAccessible(page, 'join page, data read');
  await page.getByTestId('join').click();
  await phase(page, 'waiting');
  await expectAccessible(page, 'join page, joined');

  await world.join(run, 1, { backend: 'wasm' });
  const left = await world.join(run, 2, { backend: 'wasm' });
  await phase(page, 'sending');
  await expectAccessible(page, 'join page, sending its part');
  await left.getByTestId('leave').click();
  await expectAccessible(left, 'join page, asked whether to leave');
  await left.getByTestId('leave-confirm').click();
  await left.getByTestId('ended').waitFor();
  await expectAccessible(left, 'join page, left');
  await operator.locator('[data-testid=round][data-phase=training]').waitFor();
  await operator.locator('tr[data-presence=left]').waitFor();
  await expectAccessible(operator, 'dashboard, in training');
  await operator.getByTestId('pause').click();
  await operator.locator('[data-run][data-state=paused]').waitFor();
  await expectAccessible(operator, 'dashboard, paused');
  await operator.getByTestId('resume').click();
  release();
  await world.finished(run);
  await page.locator('[data-testid=ended][data-phase=over]').waitFor();
  await expectAccessible(page, 'join page, finished');
  await operator.locator('[data-run][data-state=finished]').waitFor();
  await expectAccessible(operator, 'dashboard, finished');

  // No run of a test fails by itself: this one is shown as if it had.
  const failed = await world.operate('/operator');
  await failed.getByText('Life of a run').waitFor();
  await expectAccessible(failed, 'list of runs');
  await failed.routeWebSocket(/socket\.io/, (socket) => {
    const upstream = socket.connectToServer();
    upstream.onMessage((message) =>
      socket.send(
        String(message).replace('"state":"finished","reason":""', '"state":"failed","reason":"No room."'),
      ),
    );
  });
  await failed.goto(`${world.server.url}/operator/runs/${run}`);
  await failed.locator('[data-run][data-state=failed]').waitFor();
  await expectAccessible(failed, 'dashboard, failed');
  await failed.goto(`${world.server.url}/operator/runs/none`);
  await failed.getByRole('alert').waitFor();
  await expectAccessible(failed, 'dashboard, unknown run');
});

test('axe finds nothing where a participant is asked about the data, and where one is refused', {
  tag: '@long',
}, async ({ world }) => {
  const run = await world.startRun({ labels: ['cat', 'dog', 'owl'], data: { kind: 'image', sample: null } });
  const page = await world.newPage('participant');
  await page.goto(await world.joinLink(run, { backend: 'wasm' }));
  await page.getByTestId('zip').setInputFiles([{ name: 'pets.zip', mimeType: '', buffer: pets() }]);
  await page.getByTestId('unknown-names').waitFor();
  await page.getByTestId('data-problems').locator('summary').click();
  await expectAccessible(page, 'join page, asked what names mean');
  await page.getByRole('button', { name: 'Use the camera' }).click();
  await page.getByTestId('camera').waitFor();
  await expectAccessible(page, 'join page, camera');

  const refused = await world.newPage('stranger');
  await refused.goto(`${world.server.url}/join/${run}`);
  await refused.getByText('Ask for the link again').waitFor();
  await expectAccessible(refused, 'join page, refused');
});
