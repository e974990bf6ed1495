import { defineConfig } from '@playwright/test';
import { canRecordVideo, chromiumOptions, ensureChromium } from '@strata/harness';

/** End-to-end tests against the built pages; `npm run e2e` at the root gives this file. */
export default defineConfig({
  testDir: 'src',
  testMatch: '**/*.e2e.ts',
  outputDir: '../test-results',
  preserveOutput: 'failures-only',
  // One server and one browser for all files (src/test.ts); their tabs fill two cores, so one test at a time.
  workers: 1,
  forbidOnly: Boolean(process.env.CI),
  // Nothing is asserted of times: this is for what never ends. Simulations and axe's states take minutes as it is.
  timeout: 600_000,
  expect: { timeout: 30_000 },
  reporter: [
    ['list'],
    ['html', { outputFolder: '../playwright-report', open: 'never' }],
    ['json', { outputFile: '../test-results/report.json' }],
  ],
  use: {
    launchOptions: chromiumOptions(ensureChromium(console.error)),
    actionTimeout: 30_000,
    navigationTimeout: 30_000,
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    // Without Playwright's ffmpeg no tab would open; a trace has pictures of every step all the same.
    video: canRecordVideo() ? 'retain-on-failure' : 'off',
  },
});
