import { z } from 'zod';
import type { PixelRange } from '../../../protocol/index.ts';
import { inputName, type KerasLayer } from './spec.ts';

const Scale = z.object({ scale: z.number() });

/**
 * What pixels a model takes that begins with a Rescaling layer: a small factor is for bytes, as 1 / 255 and 1 / 127.5 are,
 * one of 1 or 2 for numbers that were divided before; null where nothing tells it.
 */
export function rescaledFrom(layers: readonly KerasLayer[]): PixelRange | null {
  const first = layers.filter((layer) => layer.inputs.includes(inputName));
  const factors = first.map((layer) =>
    layer.class === 'Rescaling' ? Scale.safeParse(layer.config).data?.scale : undefined,
  );
  if (factors.every((factor) => factor !== undefined && Math.abs(factor) < 0.05)) return 'bytes';
  return factors.every((factor) => factor !== undefined && Math.abs(factor) > 0.5) ? 'unit' : null;
}
