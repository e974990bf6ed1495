import { type Catalog, RunConfig, type Sealing } from '@strata/fl-core/protocol';
import { sealedProblems } from '@strata/fl-core/rounds/sealed-problems';
import { withTrainedHead } from '@strata/fl-core/rounds/usual-head';
import { chosenModel } from '../chosen-model.ts';

/** What the form begins with when a run is to be sealed. */
export const startSealing: Extract<Sealing, { kind: 'sealed' }> = {
  kind: 'sealed',
  atLeast: 5,
  samples: 1000,
  seconds: 60,
};

/** What stands against a sealed run, in sentences; none where nothing does, or a field holds no value yet. */
export function sealingConflicts(values: unknown, catalog: Catalog): readonly string[] {
  const parsed = RunConfig.safeParse(values);
  if (!parsed.success || chosenModel(parsed.data.model, catalog) === undefined) return [];
  return sealedProblems(parsed.data).map(({ message }) => message);
}

/** With these settings every conflict is gone: what a sum is not enough for is given up. */
export function sealable(config: RunConfig): RunConfig {
  const { aggregation, budget, cohort, local, retention, selection } = config;
  const least = aggregation.sealing.kind === 'sealed' ? aggregation.sealing.atLeast : 1;
  const minimum = Math.max(cohort.minimum, least);
  const fitting: RunConfig = withTrainedHead({
    ...config,
    aggregation: { ...aggregation, rule: { name: 'mean' }, weightCap: null },
    privacy: config.privacy.kind === 'distributed' ? config.privacy : { kind: 'none' },
    selection: { ...selection, scores: 'share' },
    budget: budget.unit === 'milliseconds' ? { kind: 'fixed', unit: 'layers', amount: 1 } : budget,
    cohort: {
      ...cohort,
      minimum,
      goal: Math.max(cohort.goal, minimum),
      eligible: { ...cohort.eligible, samples: 1 },
    },
    local: { ...local, timeBox: null },
    stopping: { patience: null, target: null },
    retention: { ...retention, best: 0 },
  });
  const history = sealedProblems(fitting).some(({ path }) => path === 'strategy');
  return history
    ? { ...fitting, strategy: RunConfig.shape.strategy.parse({ name: 'gradient-norm' }) }
    : fitting;
}
