import type { MeasuredUpdate } from '../../aggregation/index.ts';
import { type LayerSpec, parameterCount } from '../../models/layouts.ts';
import { Length } from '../../privacy/index.ts';
import {
  decodeSafetensors,
  firstNonFinite,
  headerLength,
  parseHeader,
  type SafetensorsHeader,
  truncated,
} from '../../protocol/index.ts';
import type { UpdateFile } from '../answers.ts';
import { freshSamples } from '../buffered/staleness.ts';
import type { CountedUpdate } from '../candidate.ts';
import type { Book } from './book.ts';

/** An update in memory. Throws `bad-safetensors`. */
export function updateFileOf(bytes: Uint8Array): UpdateFile {
  const length = headerLength(bytes.subarray(0, 8));
  if (8 + length > bytes.byteLength) throw truncated();
  const header = parseHeader(bytes.subarray(8, 8 + length));
  if (header.fileSize !== bytes.byteLength) throw truncated();
  const { dataStart } = header;
  // Of other types than float32 this is nonsense, and they are refused for their type.
  const whole = dataStart + 4 * Math.floor((bytes.byteLength - dataStart) / 4);
  const values = new Float32Array(bytes.slice(dataStart, whole).buffer);
  const index = firstNonFinite(values);
  const value = values[index];
  const nonFinite = value === undefined ? null : { at: dataStart + 4 * index, value };
  return { header, nonFinite, squares: squaresOf(header, values) };
}

/** In the order of the file, as the server measures them while they arrive. */
function squaresOf({ tensors, dataStart }: SafetensorsHeader, values: Float32Array): Map<string, number> {
  const inFile = [...tensors.values()].sort((a, b) => a.begin - b.begin);
  return new Map(
    inFile.map(({ name, begin, end }) => {
      const measure = new Length();
      measure.add(values.subarray(Math.floor((begin - dataStart) / 4), Math.floor((end - dataStart) / 4)));
      return [name, measure.squares];
    }),
  );
}

/** The updates that hold a layer, their values in the layout's order. */
export function layerUpdates(
  book: Pick<Book, 'read'>,
  layer: LayerSpec,
  updates: readonly CountedUpdate[],
): MeasuredUpdate[] {
  return updates
    .filter((u) => u.layers.includes(layer.name))
    .map((counted) => {
      const { client, update, length: updateLength } = counted;
      const tensors = new Map(decodeSafetensors(book.read(update)).tensors.map((t) => [t.name, t.data]));
      const values = new Float32Array(parameterCount(layer));
      let at = 0;
      for (const { name } of layer.tensors) {
        const own = tensors.get(name) ?? new Float32Array();
        values.set(own, at);
        at += own.length;
      }
      const read = (offset: number, length: number) => values.subarray(offset, offset + length);
      return { client, samples: freshSamples(counted, layer.name), length: updateLength, read };
    });
}
