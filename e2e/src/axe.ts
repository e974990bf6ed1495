import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { shot } from './shot.ts';
import { expect } from './test.ts';

/** A desk and a phone. */
const sizes = [
  { width: 1280, height: 900 },
  { width: 360, height: 740 },
] as const;

/** Rules that look at colours: of two themes of one page, all that can differ. */
const ofColours = ['color-contrast', 'link-in-text-block'];

/**
 * That axe finds nothing on the page as it is now, by all of its rules, and that nothing hangs over its side whichever
 * way its language is written, on a desk and on a phone, by day and by night. Goes on after a fault, so that a run of
 * the test tells all of them; the page keeps the last look.
 */
export async function expectAccessible(page: Page, state: string): Promise<void> {
  for (const size of sizes) {
    await page.setViewportSize(size);
    for (const colorScheme of ['light', 'dark'] as const) {
      // Colours on their way from one theme to the other are nobody's choice.
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', colorScheme);
      await page.evaluate(
        () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
      );
      await shot(page, `${state}-${colorScheme}-${size.width}`.replaceAll(/\W+/g, '-'));
      const faults = await faultsOf(page, colorScheme === 'light' ? [] : ofColours);
      const overhang = await overhangs(page);
      expect.soft([...faults, ...overhang].join('\n'), `${state}, ${colorScheme}, ${size.width} px`).toBe('');
    }
  }
}

/** What axe finds, by these rules or by all. */
async function faultsOf(page: Page, rules: string[]): Promise<string[]> {
  // Without legacy mode axe opens a page of its own to put frames together; there are none.
  // What pictures are drawn of has no rule, and is a thousand elements on the form.
  const axe = new AxeBuilder({ page }).setLegacyMode().exclude('svg[role=img] *');
  const { violations } = await (rules.length > 0 ? axe.withRules(rules) : axe).analyze();
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}\n  ${target}\n  ${failureSummary}`),
  );
}

async function overhangs(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const direction of ['ltr', 'rtl'] as const) {
    const pixels = await page.evaluate((dir) => {
      const { documentElement: html } = document;
      const before = html.dir;
      html.dir = dir;
      const over = html.scrollWidth - html.clientWidth;
      html.dir = before;
      return over;
    }, direction);
    if (pixels > 0) found.push(`Overflows by ${pixels} px, ${direction}`);
  }
  return found;
}
