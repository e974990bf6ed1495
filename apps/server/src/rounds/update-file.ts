import { open } from 'node:fs/promises';
import type { LayerSpec, TensorSpec } from '@strata/fl-core/models/layouts';
import {
  headerLength,
  parseHeader,
  type SafetensorsHeader,
  StrataError,
  type TensorEntry,
  UpdateMetadata,
} from '@strata/fl-core/protocol';

/** Bytes read at once: the memory an update takes, whatever its size. A multiple of every element size. */
const chunkBytes = 1024 * 1024;
/** Room for the header of an update beside its data: names, shapes and metadata of every tensor. */
const headerBytesPerTensor = 1024;

/** Largest update that these layers can make. */
export function updateLimit(layers: readonly LayerSpec[]): number {
  const tensors = layers.flatMap((l) => l.tensors);
  const data = tensors.reduce((n, t) => n + tensorBytes(t), 0);
  return 8 + 4096 + data + headerBytesPerTensor * tensors.length;
}

const tensorBytes = (t: TensorSpec): number => 4 * t.shape.reduce((a, b) => a * b, 1);

/** An update on disk: its header in memory, its tensors read in chunks. */
export class UpdateFile {
  readonly header: SafetensorsHeader;
  readonly #file: Awaited<ReturnType<typeof open>>;

  private constructor(file: Awaited<ReturnType<typeof open>>, header: SafetensorsHeader) {
    this.#file = file;
    this.header = header;
  }

  /** Throws `bad-safetensors`. */
  static async open(path: string): Promise<UpdateFile> {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const first = new Uint8Array(8);
      const { bytesRead } = await file.read(first, 0, 8, 0);
      const length = headerLength(first.subarray(0, bytesRead));
      if (8 + length > size) throw truncated();
      const json = new Uint8Array(length);
      await file.read(json, 0, length, 8);
      const header = parseHeader(json);
      if (header.fileSize !== size) throw truncated();
      return new UpdateFile(file, header);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * The values of an F32 tensor, a chunk at a time, with their offset in the tensor. The array is used again
   * for the next chunk.
   */
  async *values(entry: TensorEntry): AsyncGenerator<{ offset: number; values: Float32Array }> {
    const buffer = new Uint8Array(Math.min(chunkBytes, entry.end - entry.begin));
    for (let at = entry.begin; at < entry.end; ) {
      const wanted = Math.min(buffer.byteLength, entry.end - at);
      await this.#fill(buffer, wanted, at);
      yield { offset: (at - entry.begin) / 4, values: new Float32Array(buffer.buffer, 0, wanted / 4) };
      at += wanted;
    }
  }

  async #fill(buffer: Uint8Array, length: number, position: number): Promise<void> {
    for (let done = 0; done < length; ) {
      const { bytesRead } = await this.#file.read(buffer, done, length - done, position + done);
      if (bytesRead === 0) throw truncated();
      done += bytesRead;
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

const truncated = () =>
  new StrataError(
    'bad-safetensors',
    'The update is not as long as its header says.',
    'Send the whole file again.',
  );

/**
 * Checks an update against the layers it must hold (R5): exactly their tensors, float32, of the right shapes,
 * every value finite. Throws `wrong-layers`, `wrong-tensor`, `non-finite` or `bad-message`.
 */
export async function checkUpdate(file: UpdateFile, layers: readonly LayerSpec[]): Promise<UpdateMetadata> {
  const metadata = UpdateMetadata.safeParse(file.header.metadata);
  if (!metadata.success) {
    throw new StrataError(
      'bad-message',
      `The update's metadata is not valid: ${metadata.error.issues.map((i) => `${i.path.join('.')} ${i.message}`).join('; ')}.`,
      'Put samples (a positive integer) and loss (a number) into __metadata__.',
    );
  }
  const expected = new Map(layers.flatMap((l) => l.tensors.map((t) => [t.name, t] as const)));
  checkNames(file.header, expected, layers);
  for (const [name, spec] of expected) {
    const entry = file.header.tensors.get(name);
    if (!entry) continue; // checkNames has refused it
    if (entry.dtype !== 'F32') {
      throw new StrataError('wrong-tensor', `Tensor ${name} is ${entry.dtype}.`, 'Send it as F32.');
    }
    if (entry.shape.length !== spec.shape.length || entry.shape.some((n, i) => n !== spec.shape[i])) {
      throw new StrataError(
        'wrong-tensor',
        `Tensor ${name} has shape [${entry.shape.join(', ')}].`,
        `Its shape is [${spec.shape.join(', ')}].`,
      );
    }
  }
  for (const name of expected.keys()) {
    const entry = file.header.tensors.get(name);
    if (entry) await checkFinite(file, entry);
  }
  return metadata.data;
}

function checkNames(
  header: SafetensorsHeader,
  expected: ReadonlyMap<string, TensorSpec>,
  layers: readonly LayerSpec[],
): void {
  const hint = `Send exactly the layers ${layers.map((l) => l.name).join(', ')}.`;
  const missing = [...expected.keys()].find((name) => !header.tensors.has(name));
  if (missing !== undefined) {
    throw new StrataError('wrong-layers', `Tensor ${missing} is missing from the update.`, hint);
  }
  const extra = [...header.tensors.keys()].find((name) => !expected.has(name));
  if (extra !== undefined) {
    throw new StrataError('wrong-layers', `Tensor ${extra.slice(0, 128)} was not asked for.`, hint);
  }
}

async function checkFinite(file: UpdateFile, entry: TensorEntry): Promise<void> {
  for await (const { offset, values } of file.values(entry)) {
    const at = values.findIndex((v) => !Number.isFinite(v));
    if (at !== -1) {
      throw new StrataError(
        'non-finite',
        `Tensor ${entry.name} holds ${values[at]} at element ${offset + at}.`,
        'Train again with a smaller learning rate.',
      );
    }
  }
}
