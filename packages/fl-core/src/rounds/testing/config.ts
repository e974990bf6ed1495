import { RunConfig, type RunConfigInput } from '../../protocol/index.ts';

/** A small run for three clients. */
export const testConfig = (more: Partial<RunConfigInput> = {}): RunConfig =>
  RunConfig.parse({
    name: 'test',
    model: 'vit-nano',
    side: 32,
    data: { kind: 'image' },
    labels: ['a', 'b', 'c'],
    strategy: { name: 'strata', lambda: 1 },
    rounds: 2,
    cohort: { goal: 3, minimum: 3, quorum: 0.5 },
    deadlines: { probing: 20, training: 20, evaluating: 20 },
    ...more,
  });
