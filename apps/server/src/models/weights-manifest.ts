import { dirname, join } from 'node:path';
import { StrataError, toFloat32 } from '@strata/fl-core/protocol';
import { z } from 'zod';
import { badModel, reasonOf } from './bad-model.ts';
import { readBytes, sizeOf } from './file-bytes.ts';
import { readJsonFile } from './json-file.ts';
import { refusePointer } from './lfs-pointer.ts';

/** The weights of a tfjs model: `model.json` names them, shards beside it have their values one after the other. */

/** Affine: value = number * scale + min. */
const Quantization = z.discriminatedUnion('dtype', [
  z.object({ dtype: z.enum(['uint8', 'uint16']), scale: z.number(), min: z.number() }),
  z.object({ dtype: z.literal('float16') }),
]);

const WeightEntry = z.object({
  name: z.string(),
  shape: z.array(z.number().int().nonnegative()).max(8),
  // Integers occur in graphs, as shapes and axes.
  dtype: z.enum(['float32', 'int32']),
  quantization: Quantization.optional(),
});
type WeightEntry = z.infer<typeof WeightEntry>;

/** A file beside `model.json`; browsers write `./` before the names of those that they save. */
const ShardName = z
  .string()
  .transform((path) => path.replace(/^(?:\.\/+)+/, ''))
  .pipe(z.string().regex(/^[\w-][\w.-]*$/, 'must be a file name'));

const Manifest = z.object({
  weightsManifest: z
    .array(
      z.object({
        paths: z.array(ShardName).max(1000),
        weights: z.array(WeightEntry).max(100_000),
      }),
    )
    .max(100),
});

interface Shard {
  readonly path: string;
  readonly bytes: number;
}

interface Place {
  readonly shards: readonly Shard[];
  readonly begin: number;
  readonly entry: WeightEntry;
}

const bytesPerValue = { float32: 4, int32: 4, uint16: 2, float16: 2, uint8: 1 } as const;

const bytesOf = ({ shape, dtype, quantization }: WeightEntry): number =>
  bytesPerValue[quantization?.dtype ?? dtype] * shape.reduce((a, b) => a * b, 1);

/** The float32 weights of a tfjs model, read one at a time. */
export class ManifestWeights {
  readonly #places: ReadonlyMap<string, Place>;

  private constructor(places: ReadonlyMap<string, Place>) {
    this.#places = places;
  }

  /**
   * Looks at the sizes of all shards.
   *
   * @throws StrataError `bad-model` that names the file when one is missing, malformed, too short or too long.
   */
  static async open(modelJson: string): Promise<ManifestWeights> {
    const { weightsManifest } = await readJsonFile(modelJson, Manifest);
    const places = new Map<string, Place>();
    for (const { paths, weights } of weightsManifest) {
      const shards: Shard[] = [];
      for (const file of paths) shards.push(await shardAt(join(dirname(modelJson), file)));
      const available = shards.reduce((sum, { bytes }) => sum + bytes, 0);
      let at = 0;
      for (const entry of weights) {
        if (places.has(entry.name)) throw badModel(`${modelJson} names tensor ${entry.name} twice.`);
        places.set(entry.name, { shards, begin: at, entry });
        at += bytesOf(entry);
        if (at > available)
          throw badModel(`The shards of ${modelJson} end before tensor ${entry.name} does.`);
      }
      if (at !== available) {
        throw badModel(`The shards of ${modelJson} have ${available} bytes; its manifest needs ${at}.`);
      }
    }
    return new ManifestWeights(places);
  }

  get shapes(): ReadonlyMap<string, readonly number[]> {
    const floats = [...this.#places].filter(([, { entry }]) => entry.dtype === 'float32');
    return new Map(floats.map(([name, { entry }]) => [name, entry.shape]));
  }

  /** One tensor as float32, quantized ones as tfjs reads them. Throws `bad-model` that names it. */
  async read(name: string): Promise<Float32Array> {
    const place = this.#places.get(name);
    if (!place) throw badModel(`Tensor ${name} is missing.`);
    return decode(place.entry, await gather(place));
  }
}

/** The bytes of a tensor, which may lie in several shards. */
async function gather({ shards, begin, entry }: Place): Promise<Uint8Array> {
  const length = bytesOf(entry);
  const bytes = new Uint8Array(length);
  let start = 0;
  for (const shard of shards) {
    const from = Math.max(begin, start);
    const to = Math.min(begin + length, start + shard.bytes);
    if (from < to) {
      const part = await readBytes(shard.path, from - start, to - from).catch((cause: unknown) => {
        throw badModel(`The weights ${shard.path} cannot be read: ${reasonOf(cause)}`, cause);
      });
      if (part.byteLength < to - from) throw badModel(`The weights ${shard.path} have become shorter.`);
      bytes.set(part, from - begin);
    }
    start += shard.bytes;
  }
  return bytes;
}

function decode(entry: WeightEntry, bytes: Uint8Array): Float32Array {
  const { name, shape, quantization } = entry;
  const span = { name, shape, begin: 0, end: bytes.byteLength };
  if (quantization === undefined) return toFloat32({ dtype: 'F32', ...span }, bytes);
  switch (quantization.dtype) {
    case 'float16':
      return toFloat32({ dtype: 'F16', ...span }, bytes);
    case 'uint8':
      return scaled(bytes, quantization);
    case 'uint16': {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const numbers = Uint16Array.from({ length: bytes.byteLength / 2 }, (_, i) =>
        view.getUint16(2 * i, true),
      );
      return scaled(numbers, quantization);
    }
    default:
      return quantization satisfies never;
  }
}

const scaled = (
  numbers: Uint8Array | Uint16Array,
  { scale, min }: Readonly<Record<'scale' | 'min', number>>,
): Float32Array => Float32Array.from(numbers, (n) => n * scale + min);

async function shardAt(path: string): Promise<Shard> {
  try {
    await refusePointer(path);
    return { path, bytes: await sizeOf(path) };
  } catch (cause) {
    if (cause instanceof StrataError) throw cause;
    throw badModel(`The weights ${path} cannot be read: ${reasonOf(cause)}`, cause);
  }
}

/** Names of the shards of a `model.json`, for whoever brings them. Throws `bad-model`. */
export async function shardNames(modelJson: string): Promise<string[]> {
  const { weightsManifest } = await readJsonFile(modelJson, Manifest);
  return [...new Set(weightsManifest.flatMap((group) => group.paths))];
}
