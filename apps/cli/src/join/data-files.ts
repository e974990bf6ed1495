import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import type { DataFile } from '@strata/client/session';
import { StrataError } from '@strata/fl-core/protocol';

/** The file, or all files of the folder with their paths in it, in the order of their paths. Throws `bad-request`. */
export async function dataFiles(path: string): Promise<readonly DataFile[]> {
  const found = await stat(path).catch((error: Error) => {
    throw new StrataError(
      'bad-request',
      `--data ${path}: ${error.message}.`,
      'Name a file or a folder that is there.',
    );
  });
  if (!found.isDirectory()) return [dataFile(basename(path), path, found.size)];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  if (files.length === 0) {
    throw new StrataError(
      'bad-request',
      `--data ${path} has no files in it.`,
      'Name the folder that has them.',
    );
  }
  // The folder itself stands first, as a browser has it.
  return Promise.all(
    files.sort().map(async (file) => {
      const within = [basename(path), ...relative(path, file).split(sep)].join('/');
      return dataFile(within, file, (await stat(file)).size);
    }),
  );
}

/** Read when it is needed. */
const dataFile = (path: string, place: string, size: number): DataFile => ({
  path,
  file: {
    size,
    async arrayBuffer() {
      const { buffer, byteOffset, byteLength } = await readFile(place);
      return new Uint8Array(buffer, byteOffset, byteLength).slice().buffer;
    },
  },
});
