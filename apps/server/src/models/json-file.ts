import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { badModel, reasonOf } from './bad-model.ts';

/** A larger JSON file describes no model. */
const maxBytes = 8 * 2 ** 20;

/** What a JSON file of a model says. Throws `bad-model` that names the file. */
export async function readJsonFile<S extends z.ZodType>(path: string, schema: S): Promise<z.infer<S>> {
  try {
    const bytes = await readFile(path);
    if (bytes.byteLength > maxBytes) throw new RangeError(`it has ${bytes.byteLength} bytes`);
    return schema.parse(JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : reasonOf(cause);
    throw badModel(`${path} cannot be used: ${reason}`, cause);
  }
}
