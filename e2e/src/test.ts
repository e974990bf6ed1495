import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test as base } from '@playwright/test';
import { ServerProcess } from '@strata/harness';
import { type ServerAddress, serverOptions } from './server-options.ts';
import { World } from './world.ts';

export { expect } from '@playwright/test';

/** What a test may ask for beside Playwright's own fixtures. */
export interface Fixtures {
  /** The server that `world` talks to: the shared one, unless a file puts one of its own here. */
  readonly address: ServerAddress;
  /** Pages of this test alone; they are closed when it ends. */
  readonly world: World;
}

export interface SharedFixtures {
  /** One server for all files, as there is one browser: starting them takes longer than most tests. */
  readonly server: ServerProcess;
}

export const test = base.extend<Fixtures, SharedFixtures>({
  server: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern.
    async ({}, use) => {
      const server = await ServerProcess.start(serverOptions);
      await use(server);
      await server.dispose();
    },
    { scope: 'worker', timeout: 240_000 },
  ],
  address: async ({ server }, use) => use(server),
  world: async ({ address, browser, video }, use, testInfo) => {
    // Playwright films only the pages that it opens itself; those of a test that passes are removed with its folder.
    const films = testInfo.outputPath('videos');
    const world = new World(address, browser, video === 'off' ? {} : { recordVideo: { dir: films } });
    await use(world);
    await world.leave();
    if (video === 'off' || testInfo.status === testInfo.expectedStatus) return;
    for (const film of existsSync(films) ? await readdir(films) : [])
      await testInfo.attach('video', { path: join(films, film) });
  },
});
