import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StrataError } from '@strata/fl-core/protocol';

/** Where Debian and others keep libraries of this machine's kind of processor. */
const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
const folders = [`usr/lib/${machine}-linux-gnu`, `lib/${machine}-linux-gnu`, 'usr/lib64', 'usr/lib'];

export interface Library {
  readonly file: string;
  /** Its terms, as Debian passes them on. */
  readonly licence: string;
}

/**
 * A shared library of the Debian package `debian`: this machine's, or one that apt downloads into `scratch`.
 * Throws `unavailable` with the way to get it.
 */
export async function findLibrary(name: string, debian: string, scratch: string): Promise<Library> {
  const found = inTree('/', name, debian) ?? inTree(downloaded(debian, scratch), name, debian);
  if (found === null) {
    throw new StrataError(
      'unavailable',
      `The pack needs ${name} and its licence, and this machine has none.`,
      `Install it: apt-get install ${debian}`,
    );
  }
  return { file: found.file, licence: await readFile(found.copyright, 'utf8') };
}

function inTree(tree: string, name: string, debian: string): { file: string; copyright: string } | null {
  const file = folders.map((folder) => join(tree, folder, name)).find(existsSync);
  const copyright = join(tree, 'usr/share/doc', debian, 'copyright');
  return file !== undefined && existsSync(copyright) ? { file, copyright } : null;
}

/** The folder with the package's files; without them where apt or the network is missing. */
function downloaded(debian: string, scratch: string): string {
  const tree = join(scratch, debian);
  spawnSync('apt-get', ['download', debian], { cwd: scratch, stdio: 'ignore' });
  const archive = readdirSync(scratch).find((file) => file.startsWith(`${debian}_`));
  if (archive !== undefined) spawnSync('dpkg', ['-x', archive, tree], { cwd: scratch, stdio: 'ignore' });
  return tree;
}

/** The licence of the Node that runs this, beside it or where packages put it. */
export async function nodeLicence(): Promise<string> {
  const home = dirname(dirname(process.execPath));
  const places = [
    'LICENSE',
    'share/doc/nodejs/LICENSE',
    'share/doc/nodejs/copyright',
    'share/doc/node/LICENSE',
  ];
  const file = places.map((place) => join(home, place)).find(existsSync);
  // Some installers leave it out.
  if (file === undefined) return `https://github.com/nodejs/node/blob/${process.version}/LICENSE\n`;
  return readFile(file, 'utf8');
}
