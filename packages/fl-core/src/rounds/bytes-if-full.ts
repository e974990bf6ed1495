import { alwaysTrained, layerBytes, type ModelLayout, selectableLayers } from '../models/layouts.ts';
import type { Member } from './types.ts';

/** What is known of the bytes that a member moved in a round. */
type Moved = Pick<Member, 'update' | 'mask' | 'evaluation' | 'bytesDown'>;

/** Files have headers, and a layer that broke off is fetched twice: so small a share of the model is no download. */
const slack = 0.01;

/**
 * Bytes that the cohort would have moved with the strategy `full`: each update and each candidate that was evaluated
 * with every layer that can be trained. What a member fetched before its training is the whole model where it was new,
 * and that it fetches whatever the strategy; who had missed rounds lacks all that can be trained, not a few layers.
 */
export function bytesIfFull(layout: ModelLayout, cohort: readonly Moved[]): number {
  const bytesOf = (names: ReadonlySet<string>) =>
    layout.layers.reduce((sum, layer) => sum + (names.has(layer.name) ? layerBytes(layer) : 0), 0);
  const always = alwaysTrained(layout);
  const full = bytesOf(new Set([...selectableLayers(layout), ...always]));
  const changed = bytesOf(
    new Set(cohort.flatMap((m) => (m.update === null ? [] : [...always, ...(m.mask ?? [])]))),
  );
  return cohort.reduce((sum, { update, evaluation, bytesDown }) => {
    const candidate = evaluation === null ? 0 : changed;
    const before = Math.max(0, bytesDown - candidate);
    const fetched = before > slack * full ? Math.max(full, before) : 0;
    return sum + fetched + (evaluation === null ? 0 : full) + (update === null ? 0 : full);
  }, 0);
}
