import { connectChromium } from '@strata/harness';
import type { Page } from 'playwright-core';
import { openHost } from './host.ts';

/** A page of the stage's browser that serves a worker of this folder. */
export interface WorkerPage {
  readonly page: Page;
  close(): Promise<void>;
}

/** @param browser where the stage's browser listens */
export async function openWorkerPage(entry: `${string}.ts`, browser: string): Promise<WorkerPage> {
  const host = await openHost(entry);
  const connection = await connectChromium(browser);
  const page = await connection.newPage();
  await page.goto(host.url);
  return {
    page,
    async close() {
      await connection.close();
      await host.close();
    },
  };
}
