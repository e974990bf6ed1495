import type { Browser, Page } from 'playwright-core';
import type { DemoOptions } from './options.ts';
import type { DemoData } from './run-config.ts';

/** What one participant chooses on the page; `files` are paths on this machine. */
export interface TabFiles {
  readonly files: readonly string[];
}

export interface Tabs {
  /** Throws as soon as a page has crashed or shows an error it cannot get over. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens one participant page a client, each in a browser context of its own (own storage, own identity), and
 * presses the button by `autostart`.
 */
export async function openTabs(
  browser: Browser,
  url: string,
  run: string,
  options: DemoOptions,
  data: DemoData,
  own: readonly TabFiles[],
  log: (line: string) => void,
): Promise<Tabs> {
  const pages: Page[] = [];
  const failures: string[] = [];
  for (let shard = 0; shard < options.clients; shard++) {
    const context = await browser.newContext();
    const page = await context.newPage();
    page.on('crash', () => failures.push(`tab ${shard} crashed`));
    page.on('pageerror', (error) => failures.push(`tab ${shard}: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') log(`tab ${shard}: ${message.text()}`);
    });
    const query = new URLSearchParams({
      backend: options.backend,
      seed: String(options.seed),
      name: `Demo ${shard + 1}`,
      autostart: '1',
      ...(data.kind === 'sample'
        ? { sample: data.sample, shard: String(shard), of: String(options.clients) }
        : {}),
    });
    await page.goto(`${url}/join/${run}?${query}`);
    const files = own[shard];
    if (data.kind === 'own' && files) await page.getByTestId('choose-files').setInputFiles([...files.files]);
    pages.push(page);
  }
  return {
    async check() {
      for (const [shard, page] of pages.entries()) {
        const alert = page.getByTestId('client-failed');
        if ((await alert.count()) > 0) failures.push(`tab ${shard}: ${await alert.first().textContent()}`);
      }
      if (failures.length > 0) throw new Error(failures.join('\n'));
    },
    async close() {
      await Promise.all(pages.map((page) => page.context().close()));
    },
  };
}
