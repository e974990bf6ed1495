import { type Catalog, RunConfig, type Timing } from '@strata/fl-core/protocol';
import { bufferedProblems } from '@strata/fl-core/rounds/buffered-problems';
import { withTrainedHead } from '@strata/fl-core/rounds/usual-head';
import { chosenModel } from '../chosen-model.ts';

/** What becomes of devices that are slower than the others of a round. */
export type Slow = 'left-out' | 'time-boxed' | 'carried';

type Timed = Pick<RunConfig, 'cohort' | 'local'>;

export const slowOf = ({ cohort, local }: Timed): Slow => {
  if (cohort.timing.kind === 'buffered') return 'carried';
  return local.timeBox === null ? 'left-out' : 'time-boxed';
};

/** What the form begins with: twice as many at work as a buffer takes. */
const startBuffer = (goal: number): Timing => ({
  kind: 'buffered',
  atWork: Math.min(10_000, Math.max(1, 2 * goal)),
  staleness: 10,
});

/** Seconds for an upload. */
const startBox = 10;

/** The configuration in which slow devices are treated so. */
export const withSlow = (config: RunConfig, slow: Slow): RunConfig => ({
  ...config,
  local: { ...config.local, timeBox: slow === 'time-boxed' ? startBox : null },
  cohort: {
    ...config.cohort,
    timing: slow === 'carried' ? startBuffer(Number(config.cohort.goal) || 1) : { kind: 'rounds' },
  },
});

/** What stands against a buffered run, in sentences; none where nothing does, or a field holds no value yet. */
export function bufferedConflicts(values: unknown, catalog: Catalog): readonly string[] {
  const parsed = RunConfig.safeParse(values);
  if (!parsed.success || chosenModel(parsed.data.model, catalog) === undefined) return [];
  return bufferedProblems(parsed.data).map(({ message }) => message);
}

/** With these settings every conflict is gone: what asks all of a cohort at once is given up. */
export function bufferable(config: RunConfig): RunConfig {
  const { aggregation, budget, cohort, local } = withTrainedHead(config);
  const { head } = local;
  const { timing } = cohort;
  const paths = new Set(bufferedProblems(config).map(({ path }) => path));
  return {
    ...config,
    strategy: paths.has('strategy') ? RunConfig.shape.strategy.parse({ name: 'lisa' }) : config.strategy,
    budget: budget.unit === 'milliseconds' ? { kind: 'fixed', unit: 'layers', amount: 1 } : budget,
    privacy: { kind: 'none' },
    aggregation: {
      ...aggregation,
      sealing: { kind: 'open' },
      rule: paths.has('aggregation.rule') ? { name: 'clipped-mean', factor: 1.5 } : aggregation.rule,
      optimizer:
        aggregation.optimizer.name === 'fedavg' ? aggregation.optimizer : { name: 'fedavg', learningRate: 1 },
      participation: 'none',
    },
    local: { ...local, timeBox: null, head: { ...head, warmUp: { ...head.warmUp, rounds: 0 } } },
    cohort:
      timing.kind === 'buffered'
        ? { ...cohort, timing: { ...timing, atWork: Math.max(timing.atWork, cohort.goal) } }
        : cohort,
  };
}
