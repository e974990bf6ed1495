import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import type { SourceFile } from '@strata/fl-core/data';
import { UsageError } from './experiment.ts';

const onDisk = async (path: string, name: string): Promise<SourceFile> => ({
  path: name,
  size: (await stat(path)).size,
  read: () => readFile(path),
});

/** All files below a folder in the order of their names, or the one file. Throws {@link UsageError}. */
export async function filesAt(path: string): Promise<readonly SourceFile[]> {
  const found = await stat(path).catch(() => null);
  if (found === null) throw new UsageError(`${path} does not exist.`);
  if (!found.isDirectory()) return [await onDisk(path, basename(path))];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(path, join(entry.parentPath, entry.name)))
    .sort();
  return Promise.all(names.map((name) => onDisk(join(path, name), name.replaceAll('\\', '/'))));
}
