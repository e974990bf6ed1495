import { closeSync, fsyncSync, openSync } from 'node:fs';

/** Makes the names in a directory durable, which `rename` and `create` need beside the file's own fsync. */
export function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
