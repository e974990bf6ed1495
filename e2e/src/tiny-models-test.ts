import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess } from '@strata/harness';
import type { ServerAddress } from './server-options.ts';
import { serverOptions } from './server-options.ts';
import { test as base } from './test.ts';
import { tinyBert, tinyGpt2, writeTinyModel } from './tiny-model.ts';

/** As the shared `test`, of a server that has the tiny models of texts: `folder:bert` and `folder:gpt2`. */
export const test = base.extend<{ readonly address: ServerAddress }, { readonly withModels: ServerProcess }>({
  withModels: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern.
    async ({}, use) => {
      const folder = await mkdtemp(join(tmpdir(), 'strata-e2e-models-'));
      await writeTinyModel(join(folder, 'gpt2'), tinyGpt2);
      await writeTinyModel(join(folder, 'bert'), tinyBert);
      const server = await ServerProcess.start({ env: { ...serverOptions.env, STRATA_MODELS_DIR: folder } });
      await use(server);
      await server.dispose();
      await rm(folder, { recursive: true });
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  address: async ({ withModels }, use) => use(withModels),
});
