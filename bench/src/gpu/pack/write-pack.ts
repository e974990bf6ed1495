import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StrataError } from '@strata/fl-core/protocol';
import { bundle, packages, root } from './bundle.ts';
import { compress, stripped } from './compress.ts';
import { findLibrary, nodeLicence } from './system.ts';

/** What machines that lend a card take in one go: 64 MiB, less what else may have to go along. */
export const largestPack = 60_000_000;

/** Shared libraries that not every machine has; run.sh uses them only there. */
const libraries = [
  { folder: 'vulkan', library: 'libvulkan.so.1', debian: 'libvulkan1' },
  { folder: 'gl', library: 'libEGL.so.1', debian: 'libegl1' },
  { folder: 'gl', library: 'libGLdispatch.so.0', debian: 'libglvnd0' },
  { folder: 'c++', library: 'libstdc++.so.6', debian: 'libstdc++6' },
  { folder: 'c++', library: 'libgcc_s.so.1', debian: 'libgcc-s1' },
];

export interface PackOptions {
  /** 0 is fast, 9 small: 40 seconds. */
  readonly level?: number;
  log(line: string): void;
}

/** Something in the pack, and what it takes. */
export interface Part {
  readonly part: string;
  readonly bytes: number;
}

/**
 * Writes the folder `pack`: all that measures a graphics card on a Linux machine without Node, browser or network.
 * Replaces an older pack, but no other folder that has something in it.
 */
export async function writePack(pack: string, { level = 9, log }: PackOptions): Promise<Part[]> {
  requireLinux();
  await emptied(pack);
  log('Bundling the programs');
  const app = join(pack, 'app');
  const licences = await bundle(app);
  const peer = fileURLToPath(new URL('../torch_peer.py', import.meta.url));
  if (existsSync(peer)) await copyFile(peer, join(app, 'torch_peer.py'));
  else log(`No ${peer}: the pack will not compare with PyTorch.`);

  licences.set('node', await nodeLicence());
  const scratch = await mkdtemp(join(tmpdir(), 'strata-pack-'));
  try {
    log('Compressing Node and Dawn');
    const dawn = `linux-${process.arch}.dawn.node`;
    const binary = join(packages, 'webgpu', 'dist', dawn);
    compress(stripped(process.execPath, join(scratch, 'node')), join(pack, 'node.xz'), level);
    compress(stripped(binary, join(scratch, dawn)), join(pack, `${dawn}.xz`), level);
    for (const { folder, library, debian } of libraries) {
      const found = await findLibrary(library, debian, scratch);
      const target = join(pack, 'lib', folder);
      await mkdir(target, { recursive: true });
      await copyFile(found.file, join(target, library));
      licences.set(debian, found.licence);
    }
  } finally {
    await rm(scratch, { recursive: true });
  }
  await writeLicences(join(pack, 'licences'), licences);
  const run = join(pack, 'run.sh');
  await copyFile(fileURLToPath(new URL('./run.sh', import.meta.url)), run);
  await chmod(run, 0o755);
  await writeFile(join(pack, 'pack.json'), `${JSON.stringify(origin(), null, 2)}\n`);
  return measure(pack);
}

function requireLinux(): void {
  if (process.platform === 'linux') return;
  throw new StrataError(
    'unavailable',
    'A pack takes Node and libraries from this machine, and is for Linux.',
    'Write it on Linux, on the same kind of processor as the machine it is for.',
  );
}

async function emptied(pack: string): Promise<void> {
  await mkdir(pack, { recursive: true });
  const names = await readdir(pack);
  if (names.length > 0 && !names.includes('pack.json')) {
    throw new StrataError('bad-request', `${pack} has other files in it.`, 'Name a new or empty folder.');
  }
  for (const name of names) await rm(join(pack, name), { recursive: true });
}

async function writeLicences(folder: string, licences: ReadonlyMap<string, string>): Promise<void> {
  await mkdir(folder);
  // Strata's own and tfjs's; their packages bring no copy of the text, one that tfjs needs does.
  await cp(join(packages, 'long', 'LICENSE'), join(folder, 'Apache-2.0.txt'));
  await writeFile(join(folder, 'strata.txt'), 'Strata: Apache-2.0\n');
  await cp(join(packages, 'webgpu', 'LICENSE.md'), join(folder, 'dawn.txt'));
  for (const [name, text] of licences) await writeFile(join(folder, `${name}.txt`), text);
}

/** From what the pack was made. */
function origin() {
  const git = spawnSync('git', ['describe', '--always', '--dirty'], { cwd: root, encoding: 'utf8' });
  return {
    commit: git.status === 0 ? git.stdout.trim() : null,
    node: process.version,
    arch: process.arch,
    written: new Date().toISOString(),
  };
}

/** Sizes of what lies in the pack, all of it last. */
async function measure(pack: string): Promise<Part[]> {
  const parts: Part[] = [];
  for (const part of (await readdir(pack)).sort()) {
    parts.push({ part, bytes: await bytesOf(join(pack, part)) });
  }
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  if (bytes > largestPack) {
    throw new StrataError(
      'too-large',
      `The pack takes ${bytes} bytes; ${largestPack} are allowed.`,
      'Install strip and xz (packages binutils and xz-utils), which make Node small.',
    );
  }
  return [...parts, { part: 'all', bytes }];
}

async function bytesOf(path: string): Promise<number> {
  const found = await stat(path);
  if (!found.isDirectory()) return found.size;
  const inside = await readdir(path, { recursive: true, withFileTypes: true });
  const files = inside.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async (f) => (await stat(join(dirOf(f), f.name))).size));
  return sizes.reduce((a, b) => a + b, 0);
}

/** Older Node calls it `path`. */
const dirOf = (entry: { parentPath?: string; path?: string }): string => entry.parentPath ?? entry.path ?? '';
