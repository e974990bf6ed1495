// Starts the server: node apps/server/start.mjs [PAGES]
// Its TypeScript is bundled once and run as one module. With a loader each of its modules would be kept as source, as
// JavaScript and as a map, beside a thread that stays: 90 MB of a server that does nothing.
import { rmSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, stop } from 'esbuild';
import { traceBack } from './traces.mjs';

/** Marks what esbuild is asked by the plugin itself. */
const ours = 'ours';

/** Modules find what lies beside them by their own address; npm's packages stay where they are. */
const whereTheyLie = {
  name: 'where-they-lie',
  setup({ onLoad, onResolve, resolve }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const address = JSON.stringify(pathToFileURL(path).href);
      return { contents: text.replaceAll('import.meta.url', address), loader: 'ts' };
    });
    onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, kind, importer, resolveDir }) => {
      const own = pluginData === ours || path.startsWith('node:') || path.startsWith('@strata/');
      if (own || kind === 'entry-point') return undefined;
      const found = await resolve(path, { kind, importer, resolveDir, pluginData: ours });
      if (found.errors.length > 0) return { errors: found.errors };
      return { path: pathToFileURL(found.path).href, external: true };
    });
  },
};

async function bundle(folder) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('src/main.ts', import.meta.url))],
    outfile: join(folder, 'server.mjs'),
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // As Node resolves packages; esbuild would prefer what is there for bundlers.
    conditions: [],
    keepNames: true,
    logLevel: 'warning',
    sourcemap: 'external',
    sourcesContent: false,
    plugins: [whereTheyLie],
  });
  await stop();
  const { path, contents } = outputFiles.find((file) => file.path.endsWith('.mjs'));
  await writeFile(path, contents);
  const address = pathToFileURL(path).href;
  traceBack(address, outputFiles.find((file) => file.path.endsWith('.map')).text);
  return address;
}

// For this user alone (0700), and of this process: nobody else's code is run.
const folder = await mkdtemp(join(tmpdir(), 'strata-server-'));
const remove = () => rmSync(folder, { recursive: true, force: true });
process.once('exit', remove);
await import(await bundle(folder));
remove();
