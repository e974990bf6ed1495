import { describe, expect, it } from 'vitest';
import { selectableLayers } from '../models/layouts.ts';
import { OptimizerConfig } from '../protocol/local-config.ts';
import { type ScoreKind, scoreKinds } from '../selection/index.ts';
import { roundDiagnostics } from './diagnose.ts';
import { layoutFor } from './layout.ts';
import { selectionPlan } from './selection/plan.ts';
import { testConfig } from './testing/config.ts';

const strategies = ['strata', 'gradient-norm'] as const;
const optimizers = ['sgd', 'adamw'] as const;

const configOf = (
  name: (typeof strategies)[number],
  score: ScoreKind | undefined,
  optimizer: (typeof optimizers)[number],
) => {
  const option = score === undefined ? {} : { score };
  const { local, ...config } = testConfig({
    strategy: name === 'strata' ? { name, lambda: 1, ...option } : { name, ...option },
  });
  return {
    ...config,
    local: { ...local, optimizer: OptimizerConfig.parse({ name: optimizer, learningRate: 0.01 }) },
  };
};

describe.each(strategies)('%s', (name) => {
  it('goes by squared norms unless its option says otherwise', () => {
    for (const optimizer of optimizers) {
      const config = configOf(name, undefined, optimizer);
      expect(config.strategy).toMatchObject({ score: 'squared-norm' });
      expect(selectionPlan(config, 0).probe?.score).toBe('squared-norm');
    }
  });

  it.each(scoreKinds)('asks clients for %s, and for a decrease what the optimizer makes of it', (score) => {
    expect(selectionPlan(configOf(name, score, 'adamw'), 0).probe?.score).toBe(score);
    const bySgd = score === 'decrease' ? 'squared-norm' : score;
    expect(selectionPlan(configOf(name, score, 'sgd'), 0).probe?.score).toBe(bySgd);
  });

  it.each(scoreKinds)(
    '%s: E1 and E2 are there where squared norms were measured, and nowhere else',
    (score) => {
      for (const optimizer of optimizers) {
        const config = configOf(name, score, optimizer);
        const layers = selectableLayers(layoutFor(config));
        const scores = Object.fromEntries(layers.map((layer, l) => [layer, 1 + l]));
        const cohort = ['a', 'b'].map((client, i) => ({
          ...{ client, samples: 10, claimed: 10, scores, mask: [layers[i]!] },
          update: 'a'.repeat(64),
        }));
        const { e1, e2 } = roundDiagnostics({ config }, cohort);
        const squared = selectionPlan(config, 0).probe?.score === 'squared-norm';
        expect([e1 !== null, e2 !== null]).toEqual([squared, squared]);
        expect(squared).toBe(score === 'squared-norm' || (score === 'decrease' && optimizer === 'sgd'));
      }
    },
  );
});
