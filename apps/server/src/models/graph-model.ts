import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { NamedTensor } from '@strata/fl-core/protocol';
import { z } from 'zod';
import { badModel, reasonOf } from './bad-model.ts';

/** The weights of a tfjs GraphModel (`model.json` and its shards), under the names of its graph. */

const Manifest = z.object({
  weightsManifest: z
    .array(
      z.object({
        paths: z.array(z.string().regex(/^[\w.-]+$/, 'must be a file name')).max(1000),
        weights: z
          .array(
            z.object({
              name: z.string(),
              shape: z.array(z.number().int().nonnegative()),
              // Both take 4 bytes. Quantized and string weights do not occur in the models we import.
              dtype: z.enum(['float32', 'int32']),
              quantization: z.undefined().optional(),
            }),
          )
          .max(100_000),
      }),
    )
    .max(100),
});

/**
 * Reads every float32 weight; integers (shapes and axes of the graph) are skipped.
 *
 * @throws StrataError `bad-model` that names the file when one is missing, malformed or too short.
 */
export async function readGraphModel(modelJson: string): Promise<Map<string, NamedTensor>> {
  const manifest = await readManifest(modelJson);
  const tensors = new Map<string, NamedTensor>();
  for (const { paths, weights } of manifest.weightsManifest) {
    const shards = await Promise.all(paths.map((path) => readShard(join(dirname(modelJson), path))));
    const bytes = new Uint8Array(Buffer.concat(shards));
    let at = 0;
    for (const { name, shape, dtype } of weights) {
      const end = at + 4 * shape.reduce((a, b) => a * b, 1);
      if (end > bytes.byteLength) {
        throw badModel(`The shards of ${modelJson} end before tensor ${name}.`);
      }
      if (dtype === 'float32') {
        tensors.set(name, { name, shape, data: new Float32Array(bytes.slice(at, end).buffer) });
      }
      at = end;
    }
    if (at !== bytes.byteLength) {
      throw badModel(`The shards of ${modelJson} have ${bytes.byteLength} bytes; its manifest needs ${at}.`);
    }
  }
  return tensors;
}

async function readManifest(path: string): Promise<z.infer<typeof Manifest>> {
  try {
    return Manifest.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : reasonOf(cause);
    throw badModel(`${path} is not a readable tfjs model: ${reason}`, cause);
  }
}

async function readShard(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw badModel(`The weights ${path} cannot be read: ${reasonOf(cause)}`, cause);
  }
}
