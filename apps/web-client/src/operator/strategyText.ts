import type { RunConfig } from '@strata/fl-core/protocol';

/** A strategy with its parameters, as it stands in headings: `strata, λ 1`. */
export function strategyText(strategy: RunConfig['strategy']): string {
  switch (strategy.name) {
    case 'full':
      return 'all layers';
    case 'gradient-norm':
      return 'gradient norm';
    case 'strata': {
      const unit = strategy.lambdaScale === 'absolute' ? ' absolute' : '';
      return `strata, λ ${strategy.lambda}${unit}`;
    }
    default:
      return strategy satisfies never;
  }
}
