import type { Dataset } from '@strata/fl-core/data';
import { epsilonOfSteps } from '@strata/fl-core/privacy';
import {
  decodeSafetensors,
  LocalConfig,
  type SamplePrivacy,
  UpdateMetadata,
  type Work,
} from '@strata/fl-core/protocol';
import { describe, expect, it } from 'vitest';
import { remedy } from '../index.ts';
import { contribute } from './contribute.ts';
import { type JobStage, type LocalTrainer, perform } from './perform.ts';
import { fingerprintOf, SampleGuard, type SampleStanding } from './sample-guard.ts';
import { type KeptSpending, SpendingInMemory, type SpentSteps, withSteps } from './spending.ts';
import { WeightsSync } from './weights-sync.ts';

/** What outlasts a page, without a browser: the same object is handed to the client after the reload. */
class Lasting extends SpendingInMemory {
  override async add(run: string, spent: SpentSteps): Promise<boolean> {
    await super.add(run, spent);
    return true;
  }
}

const texts = (count: number, first = 0): Dataset => ({
  kind: 'text',
  tokens: Array.from({ length: count }, (_, i) => Int32Array.of(first + i, 1, 2)),
  labels: Int32Array.from({ length: count }, (_, i) => i % 2),
});

const promise: SamplePrivacy = { kind: 'sample', epsilon: 8, delta: 1e-5, clip: 1, noise: null };
const local = LocalConfig.parse({ batchSize: 10, epochs: 2 });

interface World {
  readonly privacy?: Partial<SamplePrivacy>;
  readonly rounds?: number;
  readonly client?: string;
  readonly data?: Dataset;
  readonly kept?: KeptSpending;
  readonly local?: LocalConfig;
}

function guardOf({
  privacy,
  rounds = 5,
  client = 'c-1',
  data = texts(100),
  kept = new Lasting(),
  ...more
}: World) {
  const told: SampleStanding[] = [];
  const guard = new SampleGuard({
    run: 'run-1',
    client,
    config: { privacy: { ...promise, ...privacy }, rounds, local: more.local ?? local },
    data,
    kept,
    tell: (standing) => told.push(standing),
  });
  return { guard, told };
}

/** As many rounds as the guard lets it do; what it has spent after each. */
async function all(guard: SampleGuard, most = 1000): Promise<number[]> {
  const spent: number[] = [];
  try {
    for (let i = 0; i < most; i++) spent.push(await guard.record(await guard.round(local.epochs)));
  } catch (error) {
    expect(error).toMatchObject({ code: 'privacy-spent' });
  }
  return spent;
}

describe('SampleGuard', () => {
  it('spreads the promise over all rounds of the run, and allows none beyond', async () => {
    const { guard, told } = guardOf({});
    const spent = await all(guard);
    expect(spent).toHaveLength(5);
    expect(spent).toEqual([...spent].sort((a, b) => a - b));
    expect(spent[4]).toBeLessThanOrEqual(8);
    expect(spent[4]).toBeGreaterThan(7.99);
    expect(told.at(-1)).toMatchObject({ promised: 8, sampling: 0.1, steps: 100, kept: true, concern: null });
    expect(told.at(-1)?.epsilon).toBe(spent[4]);
  });

  it('stops before the round that would pass the promise, where the noise is given', async () => {
    const { guard } = guardOf({ privacy: { noise: 0.9, epsilon: 6 } });
    const spent = await all(guard);
    const round = { sampling: 0.1, noise: 0.9, steps: 20 };
    const after = (rounds: number) => epsilonOfSteps([{ ...round, steps: 20 * rounds }], 1e-5);
    expect(spent).toEqual(spent.map((_, i) => after(i + 1)));
    expect(spent.length).toBeGreaterThan(0);
    expect(after(spent.length)).toBeLessThanOrEqual(6);
    expect(after(spent.length + 1)).toBeGreaterThan(6);
    await expect(guard.round(2)).rejects.toMatchObject({
      code: 'privacy-spent',
      message: expect.stringContaining(`an epsilon of ${spent.at(-1)!.toFixed(2)} of 6`),
    });
    // That is told as leaving, and tried no more.
    expect(remedy(await guard.round(2).catch((error: unknown) => error))).toBe('fatal');
  });

  it('refuses a round of more epochs than the promise has room for, whatever the server asks', async () => {
    const { guard } = guardOf({});
    await expect(guard.round(1000)).rejects.toMatchObject({
      code: 'privacy-spent',
      message: expect.stringMatching(/^The first round alone would come to/),
    });
    await guard.round(2);
  });

  it('knows after a reload what was spent before it', async () => {
    const kept = new Lasting();
    const [first] = [guardOf({ kept })];
    const before = await all(first.guard, 3);
    const later = guardOf({ kept });
    const after = await all(later.guard);
    expect(after).toHaveLength(2);
    expect(after[0]).toBeGreaterThan(before[2]!);
    expect(later.told[0]?.epsilon).toBe(before[2]);
  });

  it('counts what it did with other data, and what other clients of the device did with these', async () => {
    const kept = new Lasting();
    await all(guardOf({ kept }).guard, 3);
    expect(await all(guardOf({ kept, data: texts(100, 1000) }).guard)).toHaveLength(2);
    expect(await all(guardOf({ kept, client: 'c-2', data: texts(100, 2000) }).guard)).toHaveLength(5);
    expect(await all(guardOf({ kept, client: 'c-3' }).guard)).toHaveLength(2);
  });

  it('takes no part where what was spent before cannot be known', async () => {
    const broken: KeptSpending = {
      of: () => Promise.reject(new Error('the disk is broken')),
      add: async () => true,
    };
    await expect(guardOf({ kept: broken }).guard.round(2)).rejects.toThrow('the disk is broken');
  });

  it('says where nothing can be kept, and where there are too few samples for the promise to be worth much', async () => {
    const { guard, told } = guardOf({ kept: new SpendingInMemory(), data: texts(12) });
    await all(guard, 1);
    expect(told[0]?.kept).toBeNull();
    expect(told.at(-1)?.kept).toBe(false);
    expect(told.at(-1)?.concern).toMatch(/^You have 12 samples, and a step takes 83 % of them/);
    const few = guardOf({ data: texts(4), privacy: { delta: 0.1 } });
    const spent = await all(few.guard);
    expect(spent).toHaveLength(5); // q is 1: all of them in every step, and noise for that
    expect(few.told.at(-1)).toMatchObject({ sampling: 1 });
    const many = guardOf({ data: texts(200), privacy: { delta: 0.01 } });
    await all(many.guard, 1);
    expect(many.told.at(-1)?.concern).toMatch(/given away wholly/);
  });

  it('keeps steps that are alike as one entry', () => {
    const step = { client: 'a', data: 'x', sampling: 0.1, noise: 1, steps: 3 };
    const two = withSteps(withSteps([], step), { ...step, steps: 4 });
    expect(two).toEqual([{ ...step, steps: 7 }]);
    expect(withSteps(two, { ...step, noise: 2 })).toHaveLength(2);
  });
});

describe('fingerprintOf', () => {
  it('is that of the samples, of each of their parts', () => {
    const same = fingerprintOf(texts(5));
    expect(fingerprintOf(texts(5))).toBe(same);
    const others: Dataset[] = [
      texts(6),
      texts(5, 1),
      { ...texts(5), labels: Int32Array.of(1, 1, 0, 1, 0) } as Dataset,
      { kind: 'image', side: 1, pixels: new Uint8Array(3), labels: Int32Array.of(0) },
      { kind: 'image', side: 1, pixels: Uint8Array.of(0, 1, 0), labels: Int32Array.of(0) },
      // the same token ids, cut otherwise
      { kind: 'passages', tokens: [Int32Array.of(1, 2), Int32Array.of(3)] },
      { kind: 'passages', tokens: [Int32Array.of(1), Int32Array.of(2, 3)] },
    ];
    expect(new Set([same, ...others.map(fingerprintOf)]).size).toBe(others.length + 1);
  });
});

describe('work of a client whose samples are protected', () => {
  /** Hands out an update of twos, and remembers what it was asked for. */
  function bench() {
    const asked: unknown[] = [];
    const never = () => {
      throw new Error('nobody may ask for that');
    };
    const trainer: LocalTrainer = {
      setLayer: () => {},
      probe: never,
      sumFeatures: never,
      evaluate: never,
      async *train(_, options) {
        asked.push(options);
        yield { fraction: 0.5, loss: 0.7 };
        const update = [{ name: 'head.w', shape: [2], data: Float32Array.of(2, 2) }];
        return { update, loss: 0.7, steps: 20, skipped: 1, plan: null as never };
      },
      dispose: () => {},
    };
    return { asked, trainer };
  }
  const common = { round: 3, remainingMs: 1000, checkpoint: { round: 2, layers: {} }, seed: 1 };
  const training = {
    ...{
      ...common,
      kind: 'train',
      mask: [],
      train: ['head'],
      span: [0, 1],
      method: { kind: 'steps', epochs: 2 },
    },
    ...{ clip: null, box: null, seal: null },
  } satisfies Work as Extract<Work, { kind: 'train' }>;
  const toolsOf = (guard: SampleGuard, trainer: LocalTrainer) => ({
    ...{ trainer, weights: new WeightsSync(async () => new Uint8Array()), local, guard },
    told: 'nothing' as const,
    data: { train: texts(100), heldOut: texts(10) },
  });
  const signal = new AbortController().signal;

  it('tells nothing of training but the noised update, how many samples there are and what is spent', async () => {
    const { guard } = guardOf({});
    const { asked, trainer } = bench();
    const stages: JobStage[] = [];
    const answer = await perform(training, toolsOf(guard, trainer), { signal }, (s) => stages.push(s));
    if (answer.kind !== 'train') throw new Error(answer.kind);
    const { metadata, tensors } = decodeSafetensors(answer.update);
    expect(Object.keys(metadata).sort()).toEqual(['epsilon', 'samples']);
    const { samples, epsilon } = UpdateMetadata.parse(metadata);
    expect(samples).toBe(100);
    expect(epsilon).toBe(epsilonOfSteps([{ ...(await plan()), steps: 20 }], 1e-5));
    expect([...tensors[0]!.data]).toEqual([2, 2]);
    expect(asked).toMatchObject([{ local: { epochs: 2 }, privacy: { clip: 1 } }]);
    expect(stages.at(-1)).toMatchObject({ kind: 'training', loss: 0.7 }); // for its own page

    async function plan() {
      const { noise } = await guardOf({}).guard.round(2);
      return { sampling: 0.1, noise };
    }
  });

  it('records what is spent before the update is there to be sent, and nothing of a training that was cut off', async () => {
    const order: string[] = [];
    class Slow extends Lasting {
      override async add(run: string, spent: SpentSteps): Promise<boolean> {
        await new Promise((resolve) => setTimeout(resolve, 20));
        order.push('kept');
        return super.add(run, spent);
      }
    }
    const kept = new Slow();
    const { guard } = guardOf({ kept });
    const { trainer } = bench();
    await perform(training, toolsOf(guard, trainer), { signal }, () => {});
    order.push('answer');
    expect(order).toEqual(['kept', 'answer']);
    const cut: LocalTrainer = {
      ...trainer,
      // biome-ignore lint/correctness/useYield: it is cut off before
      async *train() {
        throw new Error('the tab was closed');
      },
    };
    await expect(perform(training, toolsOf(guard, cut), { signal }, () => {})).rejects.toThrow();
    expect(await kept.of('run-1')).toMatchObject([{ steps: 20 }]);
  });

  it('measures nothing on its samples for the server: no scores, no held-out figures, no sums of them', async () => {
    const { guard } = guardOf({});
    const { trainer } = bench();
    const tools = toolsOf(guard, trainer);
    const probe = { ...common, kind: 'probe', score: 'squared-norm', times: false } as const;
    await expect(perform(probe, tools, { signal }, () => {})).rejects.toMatchObject({ code: 'bad-config' });
    const { seed: _, ...evaluating } = common;
    const evaluate = { ...evaluating, kind: 'evaluate' } as const;
    expect(await perform(evaluate, tools, { signal }, () => {})).toEqual({
      kind: 'evaluate',
      message: { round: 3, loss: 0, accuracy: 0, samples: 0 },
    });
    const sealed = { ...training, seal: { clips: {}, score: null } };
    await expect(contribute(sealed, tools, { signal }, () => {})).rejects.toMatchObject({
      code: 'bad-config',
    });
  });
});
