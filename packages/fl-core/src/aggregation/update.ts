import { StrataError } from '../error.ts';
import { inClientOrder } from './weights.ts';

/** One client's change of one layer, wherever it lies: in memory, or in a spool file. */
export interface LayerUpdate {
  readonly client: string;
  /** d_i, the number of training samples. */
  readonly samples: number;
  /** Values [offset, offset + length) of the layer's change; may be overwritten by the next call for any update. */
  read(offset: number, length: number): Float32Array | Promise<Float32Array>;
  /** L2 norm of the layer's change, where somebody knows it; otherwise rules that need it read all of it once more. */
  norm?(): number | Promise<number>;
}

/** A piece of an aggregated layer: values [offset, offset + values.length); overwritten after the call. */
export type Emit = (offset: number, values: Float64Array) => void | Promise<void>;

/** Floats handled at once when one update is read at a time: 1 MiB. */
export const chunkLength = 262_144;

/** Floats of all updates together that may be in memory when a rule needs all of them side by side: 16 MiB. */
const sideBySide = 4_194_304;

/** The updates that count, in client order (R7): those that stand for at least one sample. */
export function counted(updates: readonly LayerUpdate[]): LayerUpdate[] {
  return inClientOrder(updates.filter((u) => u.samples > 0));
}

export async function readExactly(
  update: LayerUpdate,
  offset: number,
  length: number,
): Promise<Float32Array> {
  const values = await update.read(offset, length);
  if (values.length === length) return values;
  throw new StrataError(
    'bad-update',
    `The update of ${update.client} gave ${values.length} of ${length} values at ${offset}.`,
    'Leave it out.',
  );
}

/** The pieces [offset, offset + length) of a layer, each at most `most` long. */
export function* pieces(elements: number, most: number): Generator<{ offset: number; length: number }> {
  for (let offset = 0; offset < elements; offset += most) {
    yield { offset, length: Math.min(most, elements - offset) };
  }
}

/** Calls `visit` with the same piece of every update, one piece after the other; memory is bounded. */
export async function forEachColumnBlock(
  updates: readonly LayerUpdate[],
  elements: number,
  visit: (offset: number, rows: readonly Float32Array[]) => void | Promise<void>,
): Promise<void> {
  const most = Math.max(4096, Math.floor(sideBySide / Math.max(1, updates.length)));
  for (const { offset, length } of pieces(elements, most)) {
    const rows: Float32Array[] = [];
    for (const update of updates) rows.push((await readExactly(update, offset, length)).slice());
    await visit(offset, rows);
  }
}
