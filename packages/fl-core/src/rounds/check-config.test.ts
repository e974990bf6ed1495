import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readLayersModel } from '../models/layouts.ts';
import { LocalConfig, type RunConfigInput, StrataError } from '../protocol/index.ts';
import { checkConfig } from './check-config.ts';
import { testConfig } from './testing/config.ts';

const check = (more: Partial<RunConfigInput>) => () => checkConfig(testConfig(more));
const cohort = (goal: number) => ({ goal, minimum: 1, quorum: 0.5 });

describe('checkConfig', () => {
  it('refuses Krum where even everybody is too few, and names the numbers', () => {
    const krum = { rule: { name: 'krum', byzantine: 2 } } as const;
    expect(check({ aggregation: krum, cohort: cohort(6) })).toThrow(
      'krum against 2 Byzantine participants needs 2 * 2 + 3 = 7 updates of a layer; the goal is 6 a round.',
    );
    expect(check({ aggregation: krum, cohort: cohort(7) })).not.toThrow();
    const multi = { rule: { name: 'multi-krum', byzantine: 1, keep: 2 } } as const;
    expect(check({ aggregation: multi, cohort: cohort(4) })).toThrow('the goal is 4');
    for (const name of ['median', 'trimmed-mean'] as const) {
      const ranks = { rule: { name, share: 0.2 } } as const;
      expect(check({ aggregation: ranks, cohort: cohort(2) })).toThrow(
        `${name} against 1 Byzantine participants needs 2 * 1 + 1 = 3 updates of a layer; the goal is 2 a round.`,
      );
      expect(check({ aggregation: ranks, cohort: cohort(3) })).not.toThrow();
      expect(
        check({ aggregation: { rule: { ...ranks.rule, byzantine: 0 } }, cohort: cohort(1) }),
      ).not.toThrow();
    }
  });

  it('refuses adaptive budgets that aim beyond the end of training', () => {
    const deadlines = { probing: 20, training: 20, evaluating: 20 };
    const budget = { kind: 'adaptive', first: 1, max: 4 } as const;
    expect(check({ deadlines, budget: { ...budget, deadline: 21 } })).toThrow('training closes after 20 s');
    expect(check({ deadlines, budget: { ...budget, deadline: 20 } })).not.toThrow();
  });

  it('refuses a local option that it does not know, so that none is silently another than meant', () => {
    expect(() => LocalConfig.parse({ iterations: 3 })).toThrow('Unrecognized key: \\"iterations\\"');
  });

  it('refuses a task that the model cannot be trained for, and a sample that does not fit the task', () => {
    const text = { model: 'use-lite', data: { kind: 'text' } } as const;
    expect(check({ ...text, task: { name: 'multi-label' } })).not.toThrow();
    expect(check({ ...text, task: { name: 'sequence-pair' } })).toThrow(
      'Universal Sentence Encoder Lite cannot be trained for the task sequence-pair.',
    );
    expect(check({ ...text, task: { name: 'next-token' }, labels: [] })).toThrow(StrataError);
    const wordnet = { ...text, data: { kind: 'text', sample: 'wordnet' } } as const;
    expect(check(wordnet)).not.toThrow();
    expect(check({ ...wordnet, task: { name: 'multi-label' } })).toThrow(
      'The sample wordnet does not fit the task multi-label on text data.',
    );
    expect(check({ data: { kind: 'image', sample: 'wordnet' } })).toThrow('sample wordnet does not fit');
  });

  it('refuses random weights for a LayersModel, and takes them for others', () => {
    const file = new URL(
      '../../../../packages/fl-core/src/models/architectures/layers-model/fixtures/network/model.json',
      import.meta.url,
    );
    const { found } = readLayersModel(JSON.parse(readFileSync(file, 'utf8')), 'network');
    const network = { model: { source: 'folder:network', found }, side: 12 };
    expect(check(network)).not.toThrow();
    expect(check({ ...network, initial: 'random' })).toThrow('cannot be drawn anew');
    expect(check({ initial: 'random' })).not.toThrow();
  });

  it('refuses time-boxed rounds in which nobody could train, and where weights by steps would be seen by nobody or tell too much', () => {
    const boxed = { local: { timeBox: 5 } };
    expect(check(boxed)).not.toThrow();
    expect(check({ local: { timeBox: 20 } })).toThrow(
      'Devices would stop 20 s before training closes, which lasts 20 s.',
    );
    const sealed = {
      aggregation: { sealing: { kind: 'sealed', samples: 100 }, rule: { name: 'mean' }, weightCap: null },
    } as const;
    expect(check({ ...boxed, ...sealed, cohort: { goal: 5, minimum: 5 } })).toThrow(
      'which nobody sees of a sealed round',
    );
    const privacy = { kind: 'client', epsilon: 8, delta: 1e-5, clip: 1 } as const;
    const mean = { rule: { name: 'mean' } } as const;
    expect(check({ ...boxed, privacy, aggregation: mean })).toThrow('tells how much data it has');
  });

  it('refuses to end early under differential privacy by figures that no noise covers', () => {
    const privacy = { kind: 'client', epsilon: 8, delta: 1e-5, clip: 1, noise: 1 } as const;
    const usable = { privacy, aggregation: { rule: { name: 'mean' } }, strategy: { name: 'top' } } as const;
    expect(check(usable)).not.toThrow();
    expect(check({ ...usable, stopping: { patience: 2 } })).toThrow('Held-out figures have no noise');
    expect(check({ ...usable, stopping: { target: 0.9 } })).toThrow('Held-out figures have no noise');
  });

  it('refuses data of another kind, and a side that does not divide', () => {
    expect(check({ data: { kind: 'text' } })).toThrow('takes image, not text');
    expect(check({ side: 33 })).toThrow('does not divide');
    expect(check({})).not.toThrow();
  });
});
