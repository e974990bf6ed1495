import {
  type MemberView,
  type RoundSummary,
  RunConfig,
  type RunConfigInput,
  type RunView,
} from '@strata/fl-core/protocol';

/** Builders of protocol views for the tests of this folder: valid by default, changed where a test cares. */

export function roundSummary(round: number, changes: Partial<RoundSummary> = {}): RoundSummary {
  return {
    round,
    phase: 'committed',
    deadline: null,
    openedAt: 1_000_000 * round,
    closedAt: 1_000_000 * round + 60_000,
    reason: '',
    cohort: 4,
    updates: 4,
    importance: {},
    trainedBy: {},
    trainLoss: 1 / round,
    loss: 2 / round,
    accuracy: 1 - 1 / (round + 1),
    accuracyNoise: null,
    medianLoss: 2 / round,
    medianAccuracy: 1 - 1 / (round + 1),
    evaluatedSamples: 100,
    bytesDown: 1000,
    bytesUp: 500,
    bytesIfFull: 6000,
    seconds: {
      probing: 1,
      selecting: 0.1,
      training: 5,
      sealing: 0,
      uploading: 0,
      unmasking: 0,
      aggregating: 0.2,
      evaluating: 1,
    },
    e1: null,
    e2: null,
    agreement: null,
    covered: null,
    effectiveClients: {},
    solved: null,
    warmUp: false,
    epsilon: null,
    stale: null,
    ...changes,
  };
}

export const member = (client: string, changes: Partial<MemberView> = {}): MemberView => ({
  client,
  state: 'evaluated',
  samples: 100,
  weight: null,
  steps: null,
  budget: 2,
  scores: null,
  mask: [],
  cost: null,
  updateBytes: null,
  trainLoss: null,
  evaluation: null,
  epsilon: null,
  evaluationWeight: null,
  bytesDown: 0,
  since: null,
  staleness: null,
  ...changes,
});

export const layers: RunView['layers'] = [
  { name: 'embed', role: 'embed', parameters: 100, bytes: 400 },
  { name: 'block.0', role: 'block', parameters: 50, bytes: 200 },
  { name: 'block.1', role: 'block', parameters: 50, bytes: 200 },
  { name: 'head', role: 'head', parameters: 10, bytes: 40 },
];

export function runView(changes: Partial<RunView> = {}, config: Partial<RunConfigInput> = {}): RunView {
  return {
    id: 'run-1',
    joinKey: 'a-key',
    config: RunConfig.parse({
      name: 'Emoji',
      model: 'vit-nano',
      data: { kind: 'image', sample: 'emoji' },
      labels: ['a', 'b'],
      strategy: { name: 'strata', lambda: 1 },
      ...config,
    }),
    state: 'running',
    reason: '',
    createdAt: 0,
    layers,
    modelBytes: 840,
    committed: 0,
    rounds: [],
    clients: [],
    checkpoint: { round: 0, layers: {} },
    sampling: null,
    spent: null,
    tests: [],
    ...changes,
  };
}
