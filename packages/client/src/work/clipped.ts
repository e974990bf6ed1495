import { clipScale, Length } from '@strata/fl-core/privacy';
import type { NamedTensor } from '@strata/fl-core/protocol';

/**
 * An update as the run's differential privacy lets it leave the device: no longer than the clip as a whole, over all its
 * layers. The server clips again, since it cannot know who does. The tensors are scaled where they are.
 * @param clip longest length; null: no bound.
 */
export function clipped(update: readonly NamedTensor[], clip: number | null): readonly NamedTensor[] {
  if (clip === null) return update;
  const length = new Length();
  for (const { data } of update) length.add(data);
  const scale = clipScale(length.value, clip);
  if (scale < 1) for (const { data } of update) for (let k = 0; k < data.length; k++) data[k]! *= scale;
  return update;
}
