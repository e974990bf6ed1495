import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { stylesByComponent } from './scripts/mantine-styles.ts';
import { precompress } from './scripts/precompress.ts';
import { sourcesBelow } from './scripts/walls/imports.ts';

const webClient = fileURLToPath(new URL('./apps/web-client', import.meta.url));
const outDir = `${webClient}/dist`;

/**
 * tfjs starts its WebAssembly threads from the source text of a function (`toString()`), which must therefore
 * stand on its own. It uses one variable from around it, `_scriptDir`, that a minifier renames; no browser needs it.
 */
const selfContainedThreads: Plugin = {
  name: 'self-contained-wasm-threads',
  transform(code, id) {
    if (!id.includes('tfjs-backend-wasm-threaded-simd.js')) return null;
    return code
      .replace(/var _scriptDir = [^\n]*\n\s*if [^\n]*_scriptDir[^\n]*\n/, '')
      .replaceAll('_scriptDir', 'undefined');
  },
};

/**
 * tfjs labels its WebGPU pipelines with the names of their programs' classes, by which measurements tell kernels apart.
 * A minifier renames classes, but not what they say of themselves.
 */
const namedPrograms: Plugin = {
  name: 'named-webgpu-programs',
  transform(code, id) {
    if (!id.includes('tfjs-backend-webgpu')) return null;
    return code.replace(/^export class (\w+Program\w*) \{/gm, "$&\n    static name = '$1';");
  },
};

/**
 * Of a worker: what several architectures are made of is one chunk, beside a small one for each of them; left alone,
 * the bundler makes ten of it. Nothing in the groups may import what stands outside of them and imports them in turn:
 * chunks in a circle do not start, and only a browser says so.
 */
const blocksTogether = {
  // Or all of tfjs-core would come along, with what only its layers library needs.
  includeDependenciesRecursively: false,
  minShareCount: 2,
  groups: [
    {
      name: 'blocks',
      test: /fl-core.src.models.(blocks.|images.|encoder.stages|block-stages|token-input|parameters)/,
    },
    { name: 'tensors', test: /tfjs-core/ },
  ],
};

/** What menus and dialogs are made of. */
const dialogs =
  /node_modules.(@floating-ui|react-remove-scroll)|@mantine.core.*(Menu|Modal|Popover|Portal|ScrollArea|FocusTrap|Floating)/;

/** Beside each built file its compressed forms, which the server sends (apps/server/src/http/pages.ts). */
const precompressed: Plugin = {
  name: 'precompressed',
  apply: 'build',
  closeBundle: async () => {
    await precompress(outDir);
  },
};

const everyTest = '{packages,apps,experiments,bench,examples,scripts,samples}/**/*.test.{ts,tsx}';
const root = fileURLToPath(new URL('.', import.meta.url));

/** Files with no test but such with this tag; a filter of tags would load each of them to find that out. */
const taggedAsAWhole = (tag: string): string[] =>
  sourcesBelow(root, '.').filter(
    (file) =>
      /\.test\.tsx?$/.test(file) &&
      readFileSync(join(root, file), 'utf8').startsWith(`// @module-tag ${tag}\n`),
  );
const without = process.env.STRATA_TEST_WITHOUT;
const never = ['**/node_modules/**', '**/dist/**', ...(without ? taggedAsAWhole(without) : [])];
/** Tests of functions and components that keep nothing between two files. */
const sharing = [
  'packages/fl-core/src/{aggregation,data,diagnostics,protocol,rounds,selection,tasks,variants}/**/*.test.ts',
  'packages/client/**/*.test.ts',
  // client/ has fake clocks and fake workers.
  'apps/web-client/src/{bench,operator,participant,shared,shell}/**/*.test.{ts,tsx}',
];

/** One config for the pages (root: apps/web-client) and for every unit and integration test; e2e/ has its own. */
export default defineConfig(({ command, mode }) => ({
  root: mode === 'test' ? root : webClient,
  plugins: [react(), stylesByComponent, precompressed],
  worker: {
    format: 'es',
    plugins: () => [selfContainedThreads, namedPrograms],
    rolldownOptions: { output: { codeSplitting: blocksTogether } },
  },
  build: {
    outDir,
    emptyOutDir: true,
    target: 'es2022',
    chunkSizeWarningLimit: 2000,
    // What the join page begins with is one chunk, which the other pages begin with as well; menus and dialogs, which
    // come when somebody needs them, are another. Left alone, the bundler makes sixty, and a phone asks for six at a time.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'base', tags: ['$initial'] },
            { name: 'dialogs', test: dialogs, minShareCount: 2 },
          ],
        },
      },
    },
  },
  define: command === 'build' ? { 'process.env.NODE_ENV': '"production"' } : {},
  test: {
    pool: 'forks',
    // Nothing is asserted of times: this is for what never ends, on a machine that does much else.
    testTimeout: 120_000,
    // The server's tests wait for processes and locks: two workers use about half of two cores.
    maxWorkers: 3,
    tags: [
      {
        name: 'long',
        description: 'Whole runs, faults at every step, compilers: `npm test -- --whole` and CI.',
      },
    ],
    projects: [
      // A fresh worker a file: tensor libraries, servers and mocked modules keep state.
      {
        extends: true,
        test: { name: 'unit', include: [everyTest], exclude: [...never, ...sharing] },
      },
      // One worker for many files: half of their time was loading the same modules again.
      {
        extends: true,
        test: { name: 'shared', include: sharing, exclude: never, isolate: false },
      },
    ],
  },
}));
