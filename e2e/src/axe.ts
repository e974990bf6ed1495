import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect } from './test.ts';

/** How people look at pages: on a phone and on a desk, by day and by night. */
const looks = [
  { width: 1280, height: 900, colorScheme: 'light' },
  { width: 1280, height: 900, colorScheme: 'dark' },
  { width: 360, height: 740, colorScheme: 'dark' },
  { width: 360, height: 740, colorScheme: 'light' },
] as const;

/**
 * That axe finds nothing on the page as it is now, by all of its rules, and that nothing hangs over its side whichever
 * way its language is written, in every look. Goes on after a fault, so that a run of the test tells all of them; the page keeps the last look.
 */
export async function expectAccessible(page: Page, state: string): Promise<void> {
  for (const { width, height, colorScheme } of looks) {
    // Colours on their way from one theme to the other are nobody's choice.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height });
    await page.waitForTimeout(250);
    // Without it axe opens a page of its own to put frames together; there are none.
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
    const faults = violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${help}\n  ${target}\n  ${failureSummary}`),
    );
    for (const direction of ['ltr', 'rtl'] as const) {
      const overhang = await page.evaluate((dir) => {
        const { documentElement: html } = document;
        const before = html.dir;
        html.dir = dir;
        const width = html.scrollWidth - html.clientWidth;
        html.dir = before;
        return width;
      }, direction);
      if (overhang > 0) faults.push(`Overflows by ${overhang} px, ${direction}`);
    }
    expect.soft(faults.join('\n'), `${state}, ${colorScheme}, ${width} px`).toBe('');
  }
}
