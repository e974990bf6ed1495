import type { LayerSpec, TensorSpec } from '../models/layouts.ts';
import { type SafetensorsHeader, StrataError, type TensorEntry, UpdateMetadata } from '../protocol/index.ts';

/** An update wherever it lies: on disk, or in memory. */
export interface UpdateFile {
  readonly header: SafetensorsHeader;
  /** The values of an F32 tensor, a chunk at a time, with their offset in the tensor; overwritten by the next chunk. */
  values(entry: TensorEntry): AsyncIterable<{ offset: number; values: Float32Array }>;
}

/** Room for the header of an update beside its data: names, shapes and metadata of every tensor. */
const headerBytesPerTensor = 1024;

/** Largest update that these layers can make. */
export function updateLimit(layers: readonly LayerSpec[]): number {
  const tensors = layers.flatMap((l) => l.tensors);
  const data = tensors.reduce((n, t) => n + tensorBytes(t), 0);
  return 8 + 4096 + data + headerBytesPerTensor * tensors.length;
}

const tensorBytes = (t: TensorSpec): number => 4 * t.shape.reduce((a, b) => a * b, 1);

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
