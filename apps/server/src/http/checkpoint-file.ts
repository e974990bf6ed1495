import type { NamedShape } from '@strata/fl-core/models/layouts';
import type { Checkpoint, TensorEntry } from '@strata/fl-core/protocol';
import type { HasBlobs } from '../store/blobs.ts';
import { fileBytes, readTensorHeader } from '../store/tensor-file.ts';

/** The layers of a checkpoint as one safetensors file: a header over the blobs' data, nothing copied. */
export interface CheckpointFile {
  readonly bytes: number;
  chunks(): AsyncGenerator<Uint8Array>;
}

export interface CheckpointFileOptions {
  readonly checkpoint: Pick<Checkpoint, 'layers'>;
  /** Layers in the order of their data. */
  readonly order: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** A tensor under the names of the file; its parts' values follow each other. */
  readonly named?: (tensor: NamedShape) => readonly NamedShape[];
}

/** A layer's blob: its tensors in the order of their values. */
interface CheckpointPart {
  readonly path: string;
  readonly tensors: readonly TensorEntry[];
  readonly dataStart: number;
  readonly dataBytes: number;
}

/** Looks into the blobs of a checkpoint, in the order of `layers`. */
export async function checkpointParts(
  { blobs }: HasBlobs,
  checkpoint: Pick<Checkpoint, 'layers'>,
  layers: readonly string[],
): Promise<CheckpointPart[]> {
  const parts: CheckpointPart[] = [];
  for (const layer of layers) {
    const blob = checkpoint.layers[layer];
    if (!blob) continue;
    const path = await blobs.path(blob.sha256);
    const { tensors, dataStart, fileSize } = await readTensorHeader(path);
    const ordered = [...tensors.values()].toSorted((a, b) => a.begin - b.begin);
    parts.push({ path, tensors: ordered, dataStart, dataBytes: fileSize - dataStart });
  }
  return parts;
}

/** The values of all tensors, one after the other. */
export async function* dataOf(parts: readonly CheckpointPart[]): AsyncGenerator<Uint8Array> {
  for (const { path, dataStart } of parts) yield* fileBytes(path, dataStart);
}

export async function checkpointFile(
  ports: HasBlobs,
  options: CheckpointFileOptions,
): Promise<CheckpointFile> {
  const { checkpoint, order, metadata, named = (tensor) => [tensor] } = options;
  const parts = await checkpointParts(ports, checkpoint, order);
  const entries: Record<string, unknown> = { __metadata__: metadata };
  let at = 0;
  for (const { tensors, dataStart, dataBytes } of parts) {
    for (const { name, dtype, shape, begin, end } of tensors) {
      const divided = named({ name, shape });
      const length = (end - begin) / divided.length;
      for (const [i, part] of divided.entries()) {
        const start = at + begin - dataStart + i * length;
        entries[part.name] = { dtype, shape: part.shape, data_offsets: [start, start + length] };
      }
    }
    at += dataBytes;
  }
  const header = encodeHeader(entries);
  return {
    bytes: header.byteLength + at,
    async *chunks() {
      yield header;
      yield* dataOf(parts);
    },
  };
}

function encodeHeader(entries: Readonly<Record<string, unknown>>): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(entries));
  const length = Math.ceil(json.byteLength / 8) * 8;
  const header = new Uint8Array(8 + length).fill(0x20, 8);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  return header;
}
