import { masksFrom } from '../input.ts';
import type { BlindStrategy } from '../strategy.ts';

/** Nobody trains a selectable layer: only what is always trained moves (linear probing). */
export function headOnly(): BlindStrategy {
  return {
    name: 'head-only',
    needs: 'nothing',
    select: (input) => ({ masks: masksFrom(input, () => []) }),
  };
}
