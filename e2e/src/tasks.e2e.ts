import type { Page } from '@playwright/test';
import { type RunConfigInput, StrataError } from '@strata/fl-core/protocol';
import { strFromU8, unzipSync } from 'fflate';
import { shot } from './shot.ts';
import { expect } from './test.ts';
import { test } from './tiny-models-test.ts';
import { tinyRun, type World } from './world.ts';

const story = Array.from(
  { length: 40 },
  (_, i) => `On day ${i} the quick brown fox jumped over a lazy dog, and nobody told the cat about it.`,
).join('\n');

const topics = ['price', 'service'];
const reviews = [
  'text,labels',
  ...Array.from({ length: 12 }, (_, i) => `"Far too dear for what it is, day ${i}",price`),
  ...Array.from({ length: 12 }, (_, i) => `"Nobody came and it cost a lot, day ${i}",price|staff`),
  ...Array.from({ length: 12 }, (_, i) => `"We walked past it on day ${i}",`),
].join('\n');

const pairs = [
  'premise,hypothesis,label',
  ...Array.from({ length: 12 }, (_, i) => `The dog ran on day ${i},An animal moved,yes`),
  ...Array.from({ length: 12 }, (_, i) => `The dog slept on day ${i},The dog ran,no`),
].join('\n');

/** Runs of every task, from what an operator chooses to the model that goes home. */

const bertRun = (task: RunConfigInput['task'], labels: string[]): Partial<RunConfigInput> => ({
  model: { source: 'folder:bert' },
  data: { kind: 'text', sample: null },
  task,
  labels,
  rounds: 1,
  cohort: { goal: 1, minimum: 1, quorum: 1 },
});

async function participant(world: World, run: string): Promise<Page> {
  const page = await world.newPage('participant', { viewport: { width: 360, height: 740 } });
  await page.goto(await world.joinLink(run, { backend: 'wasm' }));
  return page;
}

const bring = (page: Page, name: string, content: string) =>
  page.getByTestId('files').setInputFiles([{ name, mimeType: '', buffer: Buffer.from(content) }]);

async function takePart(page: Page): Promise<string> {
  await page.locator('[data-testid=join]:enabled').click();
  const ended = page.locator('[data-testid=ended][data-phase=over]');
  await ended.waitFor({ timeout: 120_000 });
  return ended.innerText();
}

/** The page is as wide as its window, which `shot` shows. */
async function fits(page: Page, name: string): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThan(1);
  await shot(page, name);
}

async function exported(
  world: World,
  run: string,
): Promise<{ config: unknown; card: string; weights: number }> {
  const files = unzipSync(await world.api.modelFolder(run));
  expect(Object.keys(files)).toContain('tokenizer.json');
  return {
    config: JSON.parse(strFromU8(files['config.json']!)),
    card: strFromU8(files['README.md']!),
    weights: files['model.safetensors']!.byteLength,
  };
}

test('next token: chosen on the form, learned from a text file, called by its name everywhere', async ({
  world,
}) => {
  const operator = await world.operate('/operator/new', { dark: true });
  await operator.getByTestId('import-model').click();
  await operator.getByLabel('Where it is').fill('folder:gpt2');
  await operator.getByRole('button', { name: 'Use this model' }).click();
  const tasks = operator.getByTestId('tasks');
  await tasks.getByRole('radio', { name: /Continue a text/ }).click();
  await expect(operator.getByRole('radio', { name: /Two texts compared/ })).toHaveCount(0);
  await operator.getByRole('radio', { name: /Own data only/ }).click();
  await expect(operator.getByLabel('Labels', { exact: true })).toHaveCount(0);
  await operator.getByLabel('Passage length').fill('16');
  await operator.getByLabel('Rounds', { exact: true }).fill('1');
  await operator.getByLabel('Test', { exact: true }).check();
  await operator.getByLabel('Participants needed').fill('1');
  await operator.getByLabel('Updates wanted').fill('1');
  await operator.getByText('The next token, predicted from passages of 16 tokens.').waitFor();
  await expect(operator.getByLabel('Name', { exact: true })).toHaveValue('gpt2 on own data');
  await fits(operator, 'form-next-token');
  await operator.setViewportSize({ width: 360, height: 740 });
  await operator.getByLabel('Who may join').selectOption('listed');
  await fits(operator, 'form-next-token-phone');
  await operator.setViewportSize({ width: 1280, height: 900 });
  await operator.getByTestId('create').click();
  await operator.waitForURL(/runs\/run-/);
  const run = operator.url().split('/').at(-1)!;
  await world.api.command(run, 'start');

  const page = await participant(world, run);
  await page.getByTestId('example').waitFor();
  const start = await page.context().newPage();
  await start.goto(world.server.url);
  await start.getByText('It learns to continue texts').waitFor();
  await fits(start, 'start');
  await start.close();
  await bring(page, 'story.txt', story);
  await page.getByTestId('keeping').waitFor();
  await expect(page.getByTestId('data-report')).toContainText(
    /\d+ passages of about 1[0-6] tokens to learn from/,
  );
  await fits(page, 'next-token-data');
  expect(await takePart(page)).toMatch(/of the word pieces that come next/);

  const view = await world.finished(run);
  const [round] = view.rounds;
  expect(round).toMatchObject({ phase: 'committed', updates: 1 });
  // Of 340 tokens it knows nothing about yet.
  expect(round?.loss).toBeGreaterThan(1);
  expect(round?.loss).toBeLessThan(Math.log(340) + 2);
  await operator.locator('[data-figure=accuracy]').getByText('Held-out next tokens right').waitFor();
  await operator
    .locator('[data-figure=loss]')
    .getByText(/perplexity/)
    .waitFor();
  await operator.getByText('Loss and next tokens right').waitFor();
  await fits(operator, 'dashboard-next-token');
  const { config, card, weights } = await exported(world, run);
  expect(config).toMatchObject({ architectures: ['GPT2LMHeadModel'], vocab_size: 340 });
  expect(card).toMatch(/perplexity \d/);
  expect(weights).toBeGreaterThan(4 * 340 * 16);
  await operator.goto(`${world.server.url}/operator`);
  await operator.getByText('next tokens right').waitFor();
  await fits(operator, 'runs');
  expect(world.pageErrors).toEqual([]);
});

test('next token on the built-in texts, whose labels nobody looks at', async ({ world }) => {
  const run = await world.startRun({
    model: { source: 'folder:gpt2' },
    data: { kind: 'text', sample: 'wordnet' },
    task: { name: 'next-token', passage: 16 },
    labels: [],
    rounds: 1,
    cohort: { goal: 1, minimum: 1, quorum: 1 },
  });
  const page = await world.join(run, 0, { sample: 'wordnet', backend: 'wasm' });
  await page.locator('[data-testid=ended][data-phase=over]').waitFor({ timeout: 120_000 });
  const view = await world.finished(run);
  expect(view.rounds.at(-1)?.evaluatedSamples).toBeGreaterThan(10);
  expect(view.clients[0]!.samples).toBeGreaterThan(40);
  expect(world.pageErrors).toEqual([]);
});

test('several labels: a name of another meaning, texts with none, and a model that says several', async ({
  world,
}) => {
  const run = await world.startRun(bertRun({ name: 'multi-label' }, topics));
  const page = await participant(world, run);
  await bring(page, 'reviews.csv', reviews);
  const names = page.getByTestId('unknown-names');
  await names.getByLabel('staff').selectOption('service');
  await fits(page, 'multi-label-names');
  await names.getByRole('button').click();
  await names.waitFor({ state: 'detached' });
  await page.getByTestId('keeping').waitFor();
  await expect(page.getByTestId('data-report')).toContainText(
    /An example counts for each of its labels; \d+ have none\./,
  );
  await fits(page, 'multi-label-data');
  expect(await takePart(page)).toMatch(/labels agree with yours/);
  await world.finished(run);
  const { config } = await exported(world, run);
  expect(config).toMatchObject({
    architectures: ['BertForSequenceClassification'],
    problem_type: 'multi_label_classification',
    id2label: { 0: 'price', 1: 'service' },
  });
  const operator = await world.operate(`/operator/runs/${run}`, { width: 360, height: 740 });
  await operator.getByText('Held-out label agreement').waitFor();
  await fits(operator, 'dashboard-multi-label');
  expect(world.pageErrors).toEqual([]);
});

test('pairs of texts', async ({ world }) => {
  const run = await world.startRun(bertRun({ name: 'sequence-pair' }, ['yes', 'no']));
  const page = await participant(world, run);
  await bring(page, 'pairs.csv', pairs);
  await page.getByTestId('keeping').waitFor();
  await expect(page.getByTestId('data-report')).toContainText(/19 examples|20 examples/);
  await fits(page, 'pairs-data');
  expect(await takePart(page)).toMatch(/right on \d+ % of your unseen examples/);
  expect((await world.finished(run)).rounds.at(-1)?.accuracy).not.toBeNull();
  expect((await exported(world, run)).config).toMatchObject({ problem_type: 'single_label_classification' });
  expect(world.pageErrors).toEqual([]);
});

test('a run that the model cannot be trained for is refused', async ({ world }) => {
  const refused = world.api.createRun({ ...tinyRun, ...bertRun({ name: 'next-token' }, []) });
  await expect(refused).rejects.toThrow(StrataError);
  await expect(refused).rejects.toThrow('bert cannot be trained for the task next-token.');
});
