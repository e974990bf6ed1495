import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  type Dtype,
  headerLength,
  parseHeader,
  parseShardIndex,
  StrataError,
  type TensorEntry,
  toFloat32,
} from '@strata/fl-core/protocol';
import { badModel, reasonOf } from './bad-model.ts';
import { exists } from './exists.ts';
import { readBytes, sizeOf } from './file-bytes.ts';
import { refusePointer } from './lfs-pointer.ts';
import { checkSize, jsonBytes } from './sizes.ts';

/** Names under which transformers saves weights in safetensors: whole, or in shards with an index. */
export const wholeFile = 'model.safetensors';
export const indexFile = 'model.safetensors.index.json';
/** What PyTorch pickles. It can run any code when it is opened, so it never is. */
export const pickles = ['pytorch_model.bin', 'pytorch_model.bin.index.json'] as const;

/** What weights are kept in; whole numbers would need a scale that stands elsewhere. */
const floats: ReadonlySet<Dtype> = new Set(['F64', 'F32', 'F16', 'BF16']);

/** Whether a folder has weights in either form. */
export const hasWeights = async (folder: string): Promise<boolean> =>
  (await exists(join(folder, wholeFile))) || (await exists(join(folder, indexFile)));

interface Place {
  readonly path: string;
  readonly entry: TensorEntry;
}

/** The tensors of safetensors files, read one at a time. */
export class WeightsFiles {
  readonly #places: ReadonlyMap<string, Place>;

  private constructor(places: ReadonlyMap<string, Place>) {
    this.#places = places;
  }

  /** @throws StrataError `bad-model` that names the file, and the tensor where one is at fault. */
  static async openFile(path: string): Promise<WeightsFiles> {
    return new WeightsFiles(await placesIn(path));
  }

  /**
   * Of a folder as transformers saves it.
   *
   * @throws StrataError `bad-model` that names the file, and the tensor where one is at fault; of PyTorch's own
   *   files it says how to convert them.
   */
  static async openFolder(folder: string): Promise<WeightsFiles> {
    const whole = join(folder, wholeFile);
    if (await exists(whole)) return WeightsFiles.openFile(whole);
    if (await exists(join(folder, indexFile))) return WeightsFiles.#openShards(folder);
    for (const name of pickles) if (await exists(join(folder, name))) throw pickled(folder, name);
    throw badModel(`${folder} has neither ${wholeFile} nor ${indexFile}.`);
  }

  static async #openShards(folder: string): Promise<WeightsFiles> {
    const places = new Map<string, Place>();
    for (const [file, names] of await readIndex(join(folder, indexFile))) {
      const path = join(folder, file);
      const found = await placesIn(path);
      for (const name of names) {
        const place = found.get(name);
        if (!place) throw badModel(`Tensor ${name} is not in ${path}, where the index says it is.`);
        places.set(name, place);
      }
    }
    return new WeightsFiles(places);
  }

  get shapes(): ReadonlyMap<string, readonly number[]> {
    return new Map([...this.#places].map(([name, { entry }]) => [name, entry.shape]));
  }

  /** One tensor as float32. Throws `bad-model` that names it. */
  async read(name: string): Promise<Float32Array> {
    const place = this.#places.get(name);
    if (!place) throw badModel(`Tensor ${name} is missing.`);
    const { path, entry } = place;
    if (!floats.has(entry.dtype)) {
      throw new StrataError(
        'bad-model',
        `Tensor ${name} of ${path} holds whole numbers (${entry.dtype}): the weights are quantized.`,
        'Use the model as it was before, in float32, float16 or bfloat16.',
      );
    }
    try {
      return finite(toFloat32(entry, await readBytes(path, entry.begin, entry.end - entry.begin)));
    } catch (cause) {
      throw badModel(`Tensor ${name} of ${path} cannot be read: ${reasonOf(cause)}`, cause);
    }
  }
}

/** From one NaN or infinity everything that is trained becomes NaN. */
function finite(values: Float32Array): Float32Array {
  const bad = values.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) throw new RangeError(`element ${bad} is ${values[bad]}`);
  return values;
}

export async function readIndex(path: string): Promise<Map<string, string[]>> {
  try {
    await checkSize(path, jsonBytes);
    await refusePointer(path);
    return parseShardIndex(await readFile(path));
  } catch (cause) {
    if (cause instanceof StrataError && cause.code !== 'bad-safetensors') throw cause;
    throw badModel(`${path} cannot be used: ${reasonOf(cause)}`, cause);
  }
}

export const pickled = (where: string, file: string): StrataError =>
  new StrataError(
    'bad-model',
    `${where} has its weights in ${file}, a PyTorch pickle, which is not opened: it could run any code.`,
    'Convert it once, where you trust it, and copy the other files: python -c "from transformers import AutoModel; ' +
      "AutoModel.from_pretrained('MODEL').save_pretrained('FOLDER', safe_serialization=True)\"",
  );

/** Throws for what people have in the place of safetensors: a page that says why there is no file, or a pickle. */
async function refuseOther(path: string): Promise<void> {
  const bytes = await readBytes(path, 0, 40);
  const text = new TextDecoder('latin1').decode(bytes);
  const [first = 0, second = 0] = bytes;
  if (text.startsWith('PK') || (first === 0x80 && second >= 2 && second <= 5))
    throw pickled(dirname(path), basename(path));
  if (!/^[\t\n\r -~]{8,}$/.test(text)) return;
  throw new StrataError(
    'bad-model',
    `${path} is a text and no safetensors: it begins with "${text.trim()}".`,
    'Download the file itself: what is there is the page that came in its place.',
  );
}

async function placesIn(path: string): Promise<Map<string, Place>> {
  try {
    await refusePointer(path);
    await refuseOther(path);
    const length = headerLength(await readBytes(path, 0, 8));
    const { tensors, fileSize } = parseHeader(await readBytes(path, 8, length));
    const size = await sizeOf(path);
    if (size !== fileSize) {
      throw new RangeError(`it has ${size} bytes where its header announces ${fileSize}.`);
    }
    return new Map([...tensors].map(([name, entry]) => [name, { path, entry }]));
  } catch (cause) {
    if (cause instanceof StrataError && cause.code !== 'bad-safetensors') throw cause;
    throw badModel(`${path} cannot be used: ${reasonOf(cause)}`, cause);
  }
}
