import type { Browser, Page } from '@playwright/test';
import { openHost } from './host.ts';

/** A page that serves a worker of this folder. */
export interface WorkerPage {
  readonly page: Page;
  close(): Promise<void>;
}

export async function openWorkerPage(entry: `${string}.ts`, browser: Browser): Promise<WorkerPage> {
  const host = await openHost(entry);
  const page = await browser.newPage();
  await page.goto(host.url);
  return {
    page,
    async close() {
      await page.close();
      await host.close();
    },
  };
}
