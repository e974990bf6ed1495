import { masksFrom } from '../input.ts';
import type { BlindStrategy } from '../strategy.ts';

/** Everybody trains every layer, whatever the budgets: federated averaging (McMahan et al., arXiv 1602.05629). */
export function full(): BlindStrategy {
  return {
    name: 'full',
    needs: 'nothing',
    select: (input) => ({ masks: masksFrom(input, () => input.layers.map((_, l) => l)) }),
  };
}
