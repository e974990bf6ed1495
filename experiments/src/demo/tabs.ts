import { type Invitation, joinPath } from '@strata/client';
import type { Browser, Page } from 'playwright-core';
import type { DemoData } from './data.ts';
import type { DemoOptions } from './options.ts';

export interface Tabs {
  /** Throws as soon as a page has crashed or shows an error that it cannot get over. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens one participant page a client, each in a browser context of its own (own storage, own identity), chooses
 * its data and joins.
 */
export async function openTabs(
  browser: Browser,
  url: string,
  invitation: Invitation,
  options: DemoOptions,
  data: DemoData,
  log: (line: string) => void,
): Promise<Tabs> {
  const failures: string[] = [];
  const pages: Page[] = [];
  for (let shard = 0; shard < options.clients; shard++) {
    const context = await browser.newContext();
    const page = await context.newPage();
    page.on('crash', () => failures.push(`tab ${shard} crashed`));
    page.on('pageerror', (error) => failures.push(`tab ${shard}: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') log(`tab ${shard}: ${message.text()}`);
    });
    await join(page, (query) => url + joinPath(invitation, query), shard, options, data);
    pages.push(page);
  }
  return {
    async check() {
      for (const [shard, page] of pages.entries()) {
        const failed = page.locator('[data-testid=ended][data-phase=failed]');
        if ((await failed.count()) > 0) failures.push(`tab ${shard}: ${await failed.first().textContent()}`);
      }
      if (failures.length > 0) throw new Error(failures.join('\n'));
    },
    async close() {
      await Promise.all(pages.map((page) => page.context().close()));
    },
  };
}

/** Software WebGPU is 15 to 65 times slower than wasm: there a client gets a sixteenth of its data. */
function shards({ clients, shards, backend }: DemoOptions): number {
  return Math.max(clients, shards ?? (backend === 'webgpu' ? 16 * clients : clients));
}

async function join(
  page: Page,
  link: (query: Readonly<Record<string, string>>) => string,
  shard: number,
  options: DemoOptions,
  data: DemoData,
): Promise<void> {
  const query = {
    backend: options.backend,
    seed: String(options.seed),
    name: `Demo ${shard + 1}`,
    // What clients draw derives from their ids, too: so that the same seed gives the same bytes.
    client: `demo-${shard + 1}`,
  };
  switch (data.kind) {
    case 'sample':
      await page.goto(
        link({
          ...query,
          sample: data.sample,
          shard: String(shard),
          of: String(shards(options)),
          autostart: '1',
        }),
      );
      return;
    case 'own':
      await page.goto(link(query));
      await page.getByTestId('files').setInputFiles(data.shards[shard] ?? []);
      await page.locator('[data-testid=join]:enabled').click({ timeout: 120_000 });
      return;
    default:
      return data satisfies never;
  }
}
