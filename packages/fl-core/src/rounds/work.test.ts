import { describe, expect, it } from 'vitest';
import type { Checkpoint, Work } from '../protocol/index.ts';
import { Work as WorkSchema } from '../protocol/index.ts';
import { layoutFor } from './layout.ts';
import { isReady } from './opening.ts';
import { testConfig } from './testing/config.ts';
import { sameWork, secondsToNextRound, type WorkFacts, workOf } from './work.ts';

const now = 1_800_000_000_000;
const config = testConfig({ rounds: 8 });
const layout = layoutFor(config);
const hash = { sha256: 'a'.repeat(64), bytes: 8 };
const checkpoint: Checkpoint = { round: 3, layers: { head: hash } };

const run: WorkFacts['run'] = {
  config,
  state: 'running',
  reason: '',
};
const round: NonNullable<WorkFacts['round']> = {
  round: 4,
  phase: 'training',
  deadline: new Date(now + 5000),
  candidate: null,
  privacy: null,
  openedAt: new Date(now - 1000),
};
const member: NonNullable<WorkFacts['member']> = {
  scores: null,
  mask: null,
  update: null,
  evaluation: null,
  left: false,
  late: false,
  given: null,
  sealing: null,
};
const hello = { samples: 10, device: { backend: 'wasm' } } as const;
const facts: WorkFacts = {
  run,
  layout,
  client: { id: 'c', hello, paused: false, left: false, awaitsApproval: false },
  round: null,
  member: null,
  sealed: null,
  checkpoint,
  earlier: new Map(),
  committed: 3,
  ready: 3,
  pastSeconds: [],
  now,
};
const work = (more: Partial<WorkFacts>): Work => WorkSchema.parse(workOf({ ...facts, ...more }));

describe('workOf (R9)', () => {
  it.each([
    ['draft', { kind: 'wait', reason: 'run-not-started' }],
    ['paused', { kind: 'wait', reason: 'run-paused' }],
    ['running', { kind: 'wait', reason: 'server' }],
    ['finished', { kind: 'over', state: 'finished', checkpoint }],
    ['stopped', { kind: 'over', state: 'stopped' }],
    ['failed', { kind: 'over', state: 'failed' }],
  ] as const)('without a round in a run that is %s', (state, wanted) => {
    expect(work({ run: { ...run, state } })).toMatchObject(wanted);
  });

  it('waits for more clients below the minimum (R12)', () => {
    expect(work({ ready: 1 })).toMatchObject({ reason: 'more-clients' });
  });

  it('R1: a late client waits for the next round and is told about when', () => {
    const late = work({ round, pastSeconds: [9, 11, 10] });
    expect(late).toMatchObject({ kind: 'wait', reason: 'next-round', round: 4, estimateSeconds: 9 });
  });

  it('who waits to be let in is told so whatever the run does, and is not told where the model is', () => {
    const client = { id: 'c', hello, paused: false, left: false, awaitsApproval: true };
    for (const state of ['draft', 'running', 'paused'] as const) {
      const told = work({ client, round, run: { config, state, reason: '' } });
      expect(told, state).toMatchObject({ kind: 'wait', reason: 'approval' });
    }
    const over = work({ client, run: { config, state: 'finished', reason: '' } });
    expect(over).toMatchObject({ kind: 'over', checkpoint: { layers: {} } });
    expect(work({ run: { config, state: 'finished', reason: '' } })).toMatchObject({ checkpoint });
  });

  it('who lacks what the run asks for is told so, from the start, but finishes a round it is in', () => {
    const eligible = { backends: ['webgpu' as const], samples: 50 };
    const asking = { ...config, cohort: { ...config.cohort, eligible } };
    const told = {
      kind: 'wait',
      reason: 'not-eligible',
      message: expect.stringContaining('train by webgpu; yours trains by wasm'),
    };
    for (const state of ['draft', 'running', 'paused'] as const)
      expect(work({ run: { config: asking, state, reason: '' } }), state).toMatchObject(told);
    const gpu = { ...facts.client, hello: { samples: 49, device: { backend: 'webgpu' as const } } };
    const few = work({ client: gpu, run: { config: asking, state: 'running', reason: '' } });
    expect(few).toMatchObject({ message: 'This run asks for 50 samples or more to train on; you have 49.' });
    const enough = { ...gpu, hello: { ...gpu.hello, samples: 50 } };
    expect(work({ client: enough, run: { config: asking, state: 'running', reason: '' } })).toMatchObject({
      reason: 'server',
    });
    expect(isReady(enough, asking)).toBe(true);
    expect(isReady(gpu, asking)).toBe(false);
    expect(isReady(facts.client, asking)).toBe(false);
    expect(
      work({ run: { config: asking, state: 'running', reason: '' }, round, member: { ...member, mask: [] } })
        .kind,
    ).toBe('train');
  });

  it('a client that paused or left is not asked for anything, but finishes a round it is in', () => {
    const client = { id: 'c', hello, paused: true, left: false, awaitsApproval: false };
    expect(work({ client, round })).toMatchObject({ reason: 'you-paused' });
    expect(work({ client: { ...client, left: true }, round })).toMatchObject({ reason: 'you-paused' });
    expect(work({ client, round, member: { ...member, mask: [] } }).kind).toBe('train');
  });

  it('in training: the mask, the head on top, the time left, the newest checkpoint', () => {
    const mask = ['blocks.2'];
    expect(work({ round, member: { ...member, mask } })).toMatchObject({
      kind: 'train',
      round: 4,
      remainingMs: 5000,
      mask,
      train: ['blocks.2', 'head'],
      span: [3 / 8, 4 / 8],
      method: { kind: 'steps', epochs: 1 },
      checkpoint,
    });
  });

  it('in a warm start: the epochs of that, while too few rounds are committed', () => {
    const local = { epochs: 2, head: { warmUp: { rounds: 4, epochs: 9 } } };
    const warming = { ...run, config: testConfig({ rounds: 8, local }) };
    const mask: string[] = [];
    const at = (committed: number) => work({ run: warming, committed, round, member: { ...member, mask } });
    expect(at(3)).toMatchObject({
      kind: 'train',
      mask,
      train: ['head'],
      method: { kind: 'steps', epochs: 9 },
      span: [3 / 8, 4 / 8],
    });
    expect(at(4)).toMatchObject({
      kind: 'train',
      method: { kind: 'steps', epochs: 2 },
      span: [4 / 8, 5 / 8],
    });
  });

  it('in a time-boxed round: when to stop, again when training closes earlier', () => {
    const boxed = { ...run, config: testConfig({ rounds: 8, local: { timeBox: 2 } }) };
    const at = (deadline: number, passed = 0) =>
      work({
        run: boxed,
        round: { ...round, deadline: new Date(now + deadline) },
        member: { ...member, mask: [] },
        now: now + passed,
      });
    expect(at(5000)).toMatchObject({ box: { stopMs: 3000, closes: now + 5000 } });
    expect(at(5000, 4000)).toMatchObject({ box: { stopMs: 0 } });
    expect(sameWork(at(5000), at(5000, 1000))).toBe(true);
    expect(sameWork(at(5000), at(4000))).toBe(false);
    expect(work({ round, member: { ...member, mask: [] } })).toMatchObject({ box: null });
  });

  it('R2: the time left is never more than the phase may last, nor less than none, wherever the clock is', () => {
    const left = (ms: number) => {
      const deadline = new Date(now + ms);
      return work({ round: { ...round, deadline }, member: { ...member, mask: [] } });
    };
    expect(left(3_600_000)).toMatchObject({ kind: 'train', remainingMs: 20_000 });
    expect(left(-1)).toMatchObject({ kind: 'train', remainingMs: 0 });
  });

  it('tells who was overtaken that its changes do not count', () => {
    const late = work({ round: { ...round, phase: 'aggregating' }, member: { ...member, mask: [] } });
    expect(late).toMatchObject({ kind: 'wait', reason: 'server' });
    expect(late.kind === 'wait' && late.message).toContain('they do not count');
    const inTime = { ...member, mask: [], update: 'x' };
    const other = work({ round: { ...round, phase: 'aggregating' }, member: inTime });
    expect(other.kind === 'wait' && other.message).not.toContain('count');
  });

  it('in every phase: asks those who have not answered, and lets the others wait', () => {
    const scores = { 'blocks.0': 1 };
    const evaluation = { loss: 1, accuracy: 1, samples: 1 };
    const candidate = { head: hash };
    const cases: [Partial<typeof round>, Partial<typeof member>, object][] = [
      [{ phase: 'probing' }, {}, { kind: 'probe', score: 'squared-norm', times: false }],
      [{ phase: 'probing' }, { scores }, { kind: 'wait', reason: 'others' }],
      [{ phase: 'selecting' }, { scores }, { kind: 'wait', reason: 'server' }],
      [{ phase: 'training' }, { scores }, { kind: 'wait', reason: 'next-round' }],
      [{ phase: 'training' }, { mask: [], update: 'x' }, { kind: 'wait', reason: 'others' }],
      [{ phase: 'aggregating' }, { mask: [], update: 'x' }, { kind: 'wait', reason: 'server' }],
      [{ phase: 'evaluating', candidate }, { mask: [] }, { kind: 'evaluate', checkpoint: { round: 4 } }],
      [{ phase: 'evaluating', candidate }, { evaluation }, { kind: 'wait', reason: 'others' }],
      [{ phase: 'training' }, { mask: [], left: true }, { kind: 'wait', reason: 'next-round' }],
    ];
    for (const [r, m, wanted] of cases) {
      const state = { round: { ...round, ...r }, member: { ...member, ...m } };
      expect(work(state), JSON.stringify([r, m])).toMatchObject(wanted);
    }
  });

  it('R11: seeds differ by client, round and task, and stay the same when asked again', () => {
    const seedOf = (id: string, number: number, phase: 'probing' | 'training') => {
      const answer = work({
        client: { id, hello, paused: false, left: false, awaitsApproval: false },
        round: { ...round, round: number, phase },
        member: { ...member, mask: [] },
      });
      return answer.kind === 'probe' || answer.kind === 'train' ? answer.seed : null;
    };
    const seeds = [seedOf('c', 4, 'training'), seedOf('d', 4, 'training'), seedOf('c', 5, 'training')];
    seeds.push(seedOf('c', 4, 'probing'));
    expect(new Set(seeds).size).toBe(4);
    expect(seedOf('c', 4, 'training')).toBe(seeds[0]);
  });
});

describe('sameWork', () => {
  it('does not see time pass, and sees everything else', () => {
    const train = work({ round, member: { ...member, mask: [] } });
    expect(sameWork(train, work({ round, member: { ...member, mask: [] }, now: now + 1000 }))).toBe(true);
    expect(sameWork(train, work({ round, member: { ...member, mask: ['blocks.0'] } }))).toBe(false);
    expect(sameWork(train, work({ round: { ...round, round: 5 }, member: { ...member, mask: [] } }))).toBe(
      false,
    );
  });
});

describe('secondsToNextRound (R1)', () => {
  const open = { phase: 'training', openedAt: now - 4000, deadline: now + 20_000 } as const;
  it('is the median of past rounds less what has passed', () => {
    expect(secondsToNextRound(open, [10, 100, 12], config, now)).toBeCloseTo(8, 9);
    expect(secondsToNextRound(open, [1, 1], config, now)).toBe(0);
  });
  it('never exceeds what the phases may take, which is the answer before the first round', () => {
    expect(secondsToNextRound(open, [], config, now)).toBe(40);
    expect(secondsToNextRound(open, [1e6], config, now)).toBe(40);
    expect(secondsToNextRound({ ...open, phase: 'probing' }, [], config, now)).toBe(60);
    expect(secondsToNextRound({ ...open, phase: 'evaluating' }, [], config, now)).toBe(20);
  });
});
