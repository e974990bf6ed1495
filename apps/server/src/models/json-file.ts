import { readFile } from 'node:fs/promises';
import { StrataError } from '@strata/fl-core/protocol';
import { z } from 'zod';
import { badModel, reasonOf } from './bad-model.ts';
import { refusePointer } from './lfs-pointer.ts';
import { checkSize, jsonBytes } from './sizes.ts';

/**
 * What a JSON file of a model says, of at most `most` bytes. Throws `bad-model` that names the file, and says where it
 * is a git-lfs pointer; `too-large`.
 */
export async function readJsonFile<S extends z.ZodType>(
  path: string,
  schema: S,
  most = jsonBytes,
): Promise<z.infer<S>> {
  try {
    await checkSize(path, most);
    await refusePointer(path);
    return schema.parse(parseJson(await readFile(path, 'utf8')));
  } catch (cause) {
    if (cause instanceof StrataError) throw cause;
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : reasonOf(cause);
    throw badModel(`${path} cannot be used: ${reason}`, cause);
  }
}

/** JavaScript's own message quotes the text, which may be of a file that nobody was to see. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SyntaxError('it is not JSON.');
  }
}
