import { expect, it } from 'vitest';
import { runView } from '../testing/views.ts';
import { runSettings } from './run-settings.ts';

it('tells runs of the same name apart', () => {
  const { config } = runView(
    {},
    {
      strategy: { name: 'strata', lambda: 0.3 },
      budget: { kind: 'fixed', unit: 'layers', amount: 3 },
      seed: 12,
    },
  );
  expect(runSettings(config)).toMatch(/λ 0\.3 · budget 3 layers · seed 12$/);
});

it('has no budget where the strategy takes none', () => {
  expect(runSettings(runView({}, { strategy: { name: 'full' } }).config)).not.toContain('budget');
});
