import { join } from 'node:path';
import type { Page } from '@playwright/test';

/** A picture of the whole page for whoever looks at what tests see: in the folder that STRATA_SHOTS names, if any. */
export async function shot(page: Page, name: string): Promise<void> {
  const folder = process.env.STRATA_SHOTS;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
