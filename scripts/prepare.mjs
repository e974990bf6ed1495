// What `npm start` and `npm test` need before anything of the project can run. Plain Node, no dependency.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** @param {string} version @returns {boolean} */
export function nodeIsRecent(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 20 || (major === 20 && minor >= 19);
}

/** Ends the process with one clear line when Node is too old. */
export function requireNode() {
  if (nodeIsRecent(process.versions.node)) return;
  console.error(
    `Strata needs Node 20.19 or newer; this is ${process.versions.node}. Get one from https://nodejs.org.`,
  );
  process.exit(1);
}

/**
 * Hash of files and folders: of their paths and contents, independent of times and of the order on disk.
 * @param {string} base
 * @param {readonly string[]} paths relative to `base`; what does not exist counts as absent
 */
export function fingerprint(base, paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    for (const file of filesBelow(join(base, path)).sort()) {
      hash
        .update(`${relative(base, file)}\0`)
        .update(readFileSync(file))
        .update('\0');
    }
  }
  return hash.digest('hex');
}

function filesBelow(path) {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => !['node_modules', 'dist'].includes(entry.name))
    .flatMap((entry) => filesBelow(join(path, entry.name)));
}

/**
 * Runs `work` unless the stamp says that it was done for the same inputs.
 * @param {string} stamp file that remembers the fingerprint
 * @param {string} print
 * @param {() => Promise<void>} work
 */
export async function once(stamp, print, work) {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === print) return;
  await work();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, print);
}

function run(title, command, args) {
  // On stderr: `npm run --silent demo -- --json` promises a stdout with nothing but JSON.
  console.error(title);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 2, 2],
      shell: process.platform === 'win32',
    });
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve(undefined) : reject(new Error(`${title} failed (${code}).`)),
    );
  });
}

/** Installs the packages of package-lock.json unless they are there. */
export async function ensureInstalled() {
  const print = fingerprint(root, ['package-lock.json']);
  await once(join(root, 'node_modules', '.strata-installed'), print, () =>
    run('Installing packages (about a minute the first time)', 'npm', [
      'ci',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ]),
  );
}

/** Builds the pages unless nothing they are made of has changed. */
export async function ensurePages() {
  const inputs = [
    'package-lock.json',
    'vite.config.ts',
    'scripts/precompress.ts',
    'apps/web-client',
    'packages/client',
    'packages/fl-core',
    'packages/gpu-bench',
  ];
  await once(join(root, 'apps/web-client/dist/.strata-built'), fingerprint(root, inputs), () =>
    run('Building the pages', process.execPath, [
      join(root, 'node_modules/vite/bin/vite.js'),
      'build',
      '--config',
      'vite.config.ts',
      '--logLevel',
      'warn',
    ]),
  );
}
