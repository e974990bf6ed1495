import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StrataError } from '@strata/fl-core/protocol';
import { build, type Plugin } from 'vite';
import { children } from '../../child-process.ts';

const bench = fileURLToPath(new URL('../../', import.meta.url));
export const root = fileURLToPath(new URL('../../../../', import.meta.url));
export const packages = join(root, 'node_modules');

/** The programs of the pack: the one that run.sh starts, and those that it starts in turn. */
const entries = { main: './gpu/main.ts', ...children };

/** CommonJS modules look for these; tfjs's finds its .wasm files beside the script by them. */
const commonJs = [
  "import { createRequire as packRequire } from 'node:module';",
  "import { dirname as packDirectory } from 'node:path';",
  "import { fileURLToPath as packPath } from 'node:url';",
  'const require = packRequire(import.meta.url);',
  'const __filename = packPath(import.meta.url);',
  'const __dirname = packDirectory(__filename);',
].join('\n');

/** What Node has to be asked for by require(), so that it finds it, a bundler takes as an import like any other. */
const requiredIsImported: Plugin = {
  name: 'required-is-imported',
  enforce: 'pre',
  transform(code, id) {
    if (!id.startsWith(bench)) return null;
    return code.replace(/createRequire\(import\.meta\.url\)\(('[^']+')\);/g, 'import $1;');
  },
};

/** Bundles the programs into `folder`, with Dawn's package but for its binary. Returns the licences of all in it. */
export async function bundle(folder: string): Promise<Map<string, string>> {
  const built = await build({
    configFile: false,
    root: bench,
    logLevel: 'warn',
    plugins: [requiredIsImported],
    // Node's own files of a package, as in the checkout.
    resolve: { mainFields: ['main'] },
    ssr: { noExternal: true, external: ['webgpu'], target: 'node' },
    build: {
      ssr: true,
      outDir: folder,
      emptyOutDir: true,
      target: 'node20',
      minify: false,
      rolldownOptions: {
        input: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(bench, file)])),
        output: {
          format: 'es',
          entryFileNames: '[name].js',
          chunkFileNames: '[name]-[hash].js',
          banner: commonJs,
        },
      },
    },
  });
  const outputs = [built].flat().flatMap((result) => ('output' in result ? result.output : []));
  const modules = outputs.flatMap((output) => (output.type === 'chunk' ? output.moduleIds : []));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n');
  await copyWasm(folder);
  await copyDawn(join(folder, 'node_modules', 'webgpu'));
  return licencesOf(modules);
}

async function copyWasm(folder: string): Promise<void> {
  const name = 'tfjs-backend-wasm-simd.wasm';
  await copyFile(join(packages, '@tensorflow/tfjs-backend-wasm/dist', name), join(folder, name));
}

/** The package `webgpu` needs nothing at run time but its binary, which the pack has elsewhere, compressed. */
async function copyDawn(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of ['index.js', 'package.json', 'LICENSE.md']) {
    await cp(join(packages, 'webgpu', name), join(folder, name));
  }
}

/** The text of the licence of every package that `modules` are from. */
async function licencesOf(modules: readonly string[]): Promise<Map<string, string>> {
  const folders = new Set(modules.map(packageOf).filter((folder) => folder !== null));
  const licences = new Map<string, string>();
  for (const folder of [...folders].sort()) {
    const name = relative(packages, folder).replaceAll('/', '+');
    const file = ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'license']
      .map((own) => join(folder, own))
      .find(existsSync);
    if (file !== undefined) licences.set(name, await readFile(file, 'utf8'));
    else licences.set(name, await declared(folder));
  }
  return licences;
}

function packageOf(module: string): string | null {
  if (!module.startsWith(packages)) return null;
  let folder = dirname(module);
  while (!existsSync(join(folder, 'package.json')) || !/node_modules\/(@[^/]+\/)?[^/]+$/.test(folder)) {
    if (folder === packages) return null;
    folder = dirname(folder);
  }
  return folder;
}

/** A package without a text of its licence names it. */
async function declared(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  if (typeof license !== 'string') {
    throw new StrataError(
      'internal',
      `The package ${name} names no licence.`,
      'Leave it out of the pack, or find out whether it may be passed on.',
    );
  }
  return `${name} ${version}: ${license}\n`;
}
