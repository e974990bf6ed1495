import type { Page } from '@playwright/test';
import { shot } from './shot.ts';
import { expect } from './test.ts';
import { test } from './tiny-models-test.ts';
import type { World } from './world.ts';

/** Tables that people bring: which columns were taken is shown, and can be said otherwise. */

const widths = [360, 1280];
const moods = ['positive', 'negative'];
const rows = (row: (i: number) => string) => Array.from({ length: 24 }, (_, i) => row(i)).join('\n');

/** As public tables of tweets have them: ids first, and a text that nobody calls "text". */
const tweets = `tweet_id,airline_sentiment,name,remarks,reply\n${rows(
  (i) =>
    `5703060${i},${moods[i % 2]},cairdin${i},"The crew was ${i % 2 === 0 ? 'kind' : 'rude'}, and the flight left on day ${i}",We are glad that you flew with us on day ${i}`,
)}`;
/** Two columns that are alike, and nothing that tells which one is meant. */
const alike = `first;then;mood\n${rows((i) => `The cat sat on mat ${i};A dog ran up hill ${i};${moods[i % 2]}`)}`;

async function participant(world: World, width: number): Promise<Page> {
  const run = await world.startRun({
    model: { source: 'folder:bert' },
    data: { kind: 'text', sample: null },
    task: { name: 'classification' },
    labels: moods,
    cohort: { goal: 1, minimum: 1, quorum: 1 },
  });
  const page = await world.newPage('participant', { viewport: { width, height: 740 } });
  await page.goto(await world.joinLink(run, { backend: 'wasm' }));
  return page;
}

const bring = (page: Page, name: string, content: string) =>
  page.getByTestId('files').setInputFiles([{ name, mimeType: '', buffer: Buffer.from(content) }]);

/** The page is as wide as its window, which `shot` shows. */
async function fits(page: Page, name: string): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThan(1);
  await shot(page, name);
}

for (const width of widths) {
  test(`the columns that were taken are shown with two rows, and others can be taken (${width} px)`, async ({
    world,
  }) => {
    const page = await participant(world, width);
    await bring(page, 'tweets.csv', tweets);
    const columns = page.getByTestId('columns');
    await expect(columns).toContainText(
      'tweets.csv: the texts are in column “remarks”, the labels in column “airline_sentiment”.',
    );
    await expect(columns.getByRole('row')).toHaveCount(3);
    await expect(columns.getByRole('row').nth(1)).toContainText(
      /positive\s*The crew was kind, and the flight left on day 0/,
    );
    await page.locator('[data-testid=join]:enabled').waitFor();
    await expect(page.getByTestId('data-report')).toContainText(/19 examples|20 examples/);
    await fits(page, `columns-${width}`);

    await columns.getByRole('button', { name: 'Take other columns' }).click();
    await expect(columns.getByLabel('tweet_id')).toHaveValue('none');
    await expect(columns.getByLabel('remarks')).toHaveValue('text');
    await fits(page, `columns-open-${width}`);
    await columns.getByLabel('remarks').selectOption('Not used');
    await columns.getByLabel('reply').selectOption('Text');
    await columns.getByRole('button', { name: 'Use these columns' }).click();
    await expect(columns).toContainText(
      'the texts are in column “reply”, the labels in column “airline_sentiment”.',
    );
    await expect(columns.getByRole('row').nth(1)).toContainText('We are glad that you flew with us on day 0');
    await page.locator('[data-testid=join]:enabled').waitFor();

    // Where nothing tells which column is meant, the person is asked, and nothing is guessed.
    await bring(page, 'alike.csv', alike);
    await expect(page.getByTestId('notice')).toContainText(
      'Which columns of your table hold what this run needs is not clear.',
    );
    await expect(page.getByTestId('join')).toBeDisabled();
    await expect(columns).toContainText(/none is surely that of the texts/);
    await fits(page, `columns-asked-${width}`);
    await columns.getByLabel('then').selectOption('Text');
    await expect(columns.getByLabel('mood')).toHaveValue('label'); // that much is known
    await columns.getByRole('button', { name: 'Use these columns' }).click();
    await page.locator('[data-testid=join]:enabled').waitFor();
    await expect(columns.getByRole('row').nth(1)).toContainText(/A dog ran up hill 0\s*positive/);
    await expect(page.getByTestId('notice')).toHaveCount(0);
    expect(world.pageErrors).toEqual([]);
  });
}
