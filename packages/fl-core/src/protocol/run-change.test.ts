import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RunConfig } from './run.ts';
import { applyChange, changeOf, RunChange } from './run-change.ts';
import type { ClientView, RoundSummary, RunView } from './views.ts';

const client = (id: string, changes: Partial<ClientView> = {}): ClientView => ({
  id,
  name: id,
  site: '',
  presence: 'connected',
  paused: false,
  banned: false,
  awaitsApproval: false,
  device: { backend: 'wasm', reason: 'no graphics chip', adapter: '', threads: 4 },
  samples: 100,
  heldOut: 20,
  joinedAt: 1,
  progress: null,
  ...changes,
});

const layerNames = Array.from({ length: 12 }, (_, i) => `blocks.${i}`);
const byLayer = (value: number) => Object.fromEntries(layerNames.map((name, i) => [name, value / (i + 1)]));

const round = (number: number, changes: Partial<RoundSummary> = {}): RoundSummary => ({
  round: number,
  phase: 'committed',
  deadline: null,
  openedAt: 1000 * number,
  closedAt: 1000 * number + 900,
  reason: '',
  cohort: 60,
  updates: 60,
  importance: byLayer(0.123456789),
  trainedBy: byLayer(5),
  trainLoss: 0.5123456789,
  loss: 0.61234567,
  accuracy: 0.7123456,
  accuracyNoise: null,
  medianLoss: 0.6,
  medianAccuracy: 0.7,
  evaluatedSamples: 1200,
  bytesDown: 1e8,
  bytesUp: 1e7,
  bytesIfFull: 1e9,
  seconds: {
    probing: 1.25,
    selecting: 0.125,
    training: 5.5,
    sealing: 0,
    uploading: 0,
    unmasking: 0,
    aggregating: 0.25,
    evaluating: 1.5,
  },
  e1: 0.1,
  e2: 0.2,
  agreement: 0.5,
  covered: 0.9,
  effectiveClients: byLayer(20),
  solved: null,
  warmUp: false,
  epsilon: null,
  stale: null,
  ...changes,
});

const view = (changes: Partial<RunView> = {}): RunView => ({
  id: 'run-1',
  joinKey: 'key',
  config: RunConfig.parse({
    name: 'x',
    model: 'vit-nano',
    data: { kind: 'image', sample: 'emoji' },
    labels: ['a', 'b'],
    strategy: { name: 'full' },
  }),
  state: 'running',
  reason: '',
  createdAt: 0,
  layers: [],
  modelBytes: 100,
  committed: 0,
  rounds: [],
  clients: [],
  checkpoint: { round: 0, layers: {} },
  sampling: null,
  spent: null,
  tests: [],
  ...changes,
});

/** As it is sent: what JSON keeps, checked against the schema. */
function sent(before: RunView, after: RunView) {
  const difference = changeOf(before, after);
  return difference === null
    ? null
    : RunChange.parse(JSON.parse(JSON.stringify({ run: after.id, from: 3, to: 4, ...difference })));
}

describe('what has changed of a run', () => {
  const clients = fc.uniqueArray(
    fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      paused: fc.boolean(),
      presence: fc.constantFrom('connected', 'away', 'left'),
      fraction: fc.option(fc.constantFrom(0, 0.5, 1)),
      loss: fc.option(fc.constantFrom(1, 2), { nil: undefined }),
    }),
    { selector: ({ id }) => id },
  );
  const rounds = fc.uniqueArray(
    fc.record({
      round: fc.integer({ min: 1, max: 6 }),
      updates: fc.integer({ min: 0, max: 3 }),
      loss: fc.option(fc.constant(0.5)),
    }),
    { selector: (r) => r.round },
  );
  const views = fc
    .record({ clients, rounds, committed: fc.nat(3), state: fc.constantFrom('running', 'paused') })
    .map(({ clients, rounds, committed, state }) =>
      view({
        committed,
        state: state as RunView['state'],
        rounds: rounds.map(({ round: n, ...rest }) => round(n, rest)),
        clients: clients.map(({ id, fraction, loss, presence, paused }) =>
          client(id, {
            paused,
            presence: presence as ClientView['presence'],
            progress:
              fraction === null
                ? null
                : { round: 1, activity: 'training', fraction, ...(loss === undefined ? {} : { loss }) },
          }),
        ),
      }),
    );

  it('makes the one view of the other, whatever they are', () => {
    fc.assert(
      fc.property(views, views, (before, after) => {
        const change = sent(before, after);
        // What a property returns is its verdict: an assertion is none.
        if (change === null) expect(after).toEqual(before);
        else expect(applyChange({ version: 3, view: before }, change)).toEqual({ version: 4, view: after });
      }),
      { numRuns: 300 },
    );
  });

  it('is nothing where nothing is', () => {
    const now = view({ clients: [client('a')], rounds: [round(1)] });
    expect(changeOf(now, structuredClone(now))).toBeNull();
  });

  it('does not fit another version, another run, or a view that lacks what it changes', () => {
    const before = view({ clients: [client('a')] });
    const change = sent(before, view({ clients: [client('a', { paused: true })] }))!;
    expect(applyChange({ version: 2, view: before }, change)).toBeNull();
    expect(applyChange({ version: 3, view: view({ id: 'run-2' }) }, change)).toBeNull();
    expect(applyChange({ version: 3, view: view() }, change)).toBeNull();
  });

  it('of one client’s progress in a run of 60 rounds and 60 clients is a line, not the whole', () => {
    const before = view({
      rounds: Array.from({ length: 60 }, (_, i) => round(i + 1)),
      clients: Array.from({ length: 60 }, (_, i) => client(`c-${i}`)),
    });
    const progress = { round: 60, activity: 'training', fraction: 0.5, loss: 1.5 } as const;
    const clients = before.clients.map((c, i) => (i === 7 ? { ...c, progress } : c));
    const change = JSON.stringify(sent(before, { ...before, clients }));
    expect(JSON.stringify(before).length).toBeGreaterThan(50_000);
    expect(change.length).toBeLessThan(300);
  });
});
