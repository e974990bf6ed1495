import type { ServerProcess } from '@strata/harness';
import type { ServerAddress } from './server-options.ts';
import { test as base } from './test.ts';
import { serverWithTinyModels } from './tiny-model.ts';

/** As the shared `test`, of a server that has the tiny models of texts: `folder:bert` and `folder:gpt2`. */
export const test = base.extend<{ readonly address: ServerAddress }, { readonly withModels: ServerProcess }>({
  withModels: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern.
    async ({}, use) => {
      const models = await serverWithTinyModels();
      await use(models.server);
      await models.dispose();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  address: async ({ withModels }, use) => use(withModels),
});
