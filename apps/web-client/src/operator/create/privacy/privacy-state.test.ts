import { RunConfig, trainedHead } from '@strata/fl-core/protocol';
import { describe, expect, it } from 'vitest';
import { catalogFixture } from '../../testing/catalog.ts';
import { configErrors } from '../config-errors.ts';
import { defaultConfig } from '../defaults.ts';
import { fitted, privacyState, startFigures, startPrivacy } from './privacy-state.ts';

const catalog = catalogFixture();
const model = catalog.models.find((m) => m.id === 'deit-tiny')!;
const usual = defaultConfig(model, catalog.samples);
const wished: RunConfig = { ...usual, privacy: startPrivacy.client };

describe('privacyState', () => {
  it('says nothing of a run without it, and while a field is being typed in', () => {
    expect(privacyState(usual, catalog)).toEqual({ kind: 'none' });
    expect(privacyState({ ...wished, privacy: { ...startPrivacy.client, epsilon: '' } }, catalog)).toEqual({
      kind: 'none',
    });
  });

  it('names what stands against it, and the settings that fit are without it and can be sent', () => {
    const state = privacyState(wished, catalog);
    if (state.kind !== 'conflicts') throw new Error(state.kind);
    expect(state.paths).toEqual(['aggregation.rule.name', 'local.head.warmUp.kind']);
    expect(state.sentences[0]).toContain('no bound on what one participant changes');
    const better = fitted(
      { ...wished, rounds: 20, cohort: { ...wished.cohort, goal: 900, minimum: 100 } },
      state.paths,
    );
    expect(RunConfig.parse(better).aggregation.rule).toEqual({ name: 'mean' });
    expect(better.local.head).toEqual(trainedHead);
    expect(privacyState(better, catalog).kind).toBe('plan');
    expect(configErrors(better, catalog)).toEqual({});
  });

  it.each([
    ['time-boxed rounds', { local: { ...usual.local, timeBox: 5 } }],
    ['an early end', { stopping: { patience: 3, target: 0.9 } }],
    ['measured times', { budget: { kind: 'fixed', unit: 'milliseconds', amount: 9 } }],
    ['shortened steps', { aggregation: { ...usual.aggregation, participation: 'share' } }],
    [
      'a secret draw beside scores and a stated seed',
      {
        privacy: { ...startPrivacy.client, sampling: 0.5 },
        purpose: { kind: 'test', sampling: 7 },
        strategy: RunConfig.shape.strategy.parse({ name: 'strata' }),
      },
    ],
  ] as const satisfies [string, Partial<RunConfig>][])(
    'with the settings that fit nothing is left of %s',
    (_what, more) => {
      const config = {
        ...wished,
        rounds: 20,
        cohort: { ...wished.cohort, goal: 900, minimum: 100 },
        ...more,
      };
      const state = privacyState(config, catalog);
      if (state.kind !== 'conflicts') throw new Error(state.kind);
      expect(privacyState(fitted(config, state.paths), catalog).kind).toBe('plan');
    },
  );

  it('shows noise over clip, what it comes to and what it means; and what is hopeless is refused beside epsilon', () => {
    const paths = ['aggregation.rule.name'];
    const of = (goal: number, strategy: RunConfig['strategy']) => {
      const config = fitted({ ...wished, rounds: 20, cohort: { ...wished.cohort, goal, minimum: 3 } }, paths);
      return { ...config, strategy };
    };
    const good = privacyState(of(200, { name: 'head-only' }), catalog);
    expect(good).toMatchObject({ kind: 'plan', verdict: 'usable' });
    if (good.kind !== 'plan') throw new Error(good.kind);
    expect(good.sentences.join(' ')).toMatch(
      /All 20 rounds together come to an ε of 8\.00\. In a round’s model the noise is [\d.]+ times as long/,
    );
    expect(good.sentences.at(-1)).toContain('9997 of 10000 cases');
    const hopeless = of(20, { name: 'full' });
    expect(privacyState(hopeless, catalog)).toMatchObject({ kind: 'plan', verdict: 'nonsense' });
    expect(configErrors(hopeless, catalog)['privacy.epsilon']).toMatch(/^Nothing would be learned/);
  });

  it('says what is told of how models do, with what noise, and where that says next to nothing', () => {
    const said = (figures: (typeof startFigures)[keyof typeof startFigures], goal: number) => {
      const config = fitted(
        {
          ...{ ...wished, rounds: 20, cohort: { ...wished.cohort, goal, minimum: 3 } },
          privacy: { ...startPrivacy.client, figures },
          retention: { ...wished.retention, best: 2 },
        },
        ['aggregation.rule.name', 'retention.best'],
      );
      expect(config.retention.best).toBe(0);
      const state = privacyState({ ...config, strategy: { name: 'head-only' } }, catalog);
      if (state.kind !== 'plan') throw new Error(state.kind);
      return state.sentences.join(' ');
    };
    expect(startPrivacy.client.figures).toEqual(startFigures.withheld);
    expect(said(startFigures.withheld, 400)).toContain('Participants tell nobody how the models do');
    expect(said(startFigures.noised, 400)).toMatch(/published with noise of \d\.\d+ points/);
    expect(said(startFigures.noised, 400)).not.toContain('next to nothing');
    expect(said(startFigures.noised, 20)).toMatch(/noise of [3-9]\d points .* which says next to nothing/);
    expect(said(startFigures.reported, 400)).toContain('ε says nothing of what they tell');
  });

  it('of noise by participants: what stands against it, and with the settings that fit the run is sealed and can be sent', () => {
    const config: RunConfig = {
      ...usual,
      rounds: 20,
      cohort: { ...usual.cohort, goal: 400, minimum: 100 },
      privacy: startPrivacy.distributed,
    };
    const state = privacyState(config, catalog);
    if (state.kind !== 'conflicts') throw new Error(state.kind);
    expect(state).toMatchObject({ paths: ['privacy.kind'] });
    const better = RunConfig.parse(fitted(config, state.paths));
    expect(better).toMatchObject({ privacy: startPrivacy.distributed, strategy: { name: 'head-only' } });
    expect(better.aggregation.sealing.kind).toBe('sealed');
    expect(configErrors(better, catalog)).toEqual({});
    const plan = privacyState(better, catalog);
    if (plan.kind !== 'plan') throw new Error(plan.kind);
    expect(plan.sentences[0]).toContain('Every participant adds a part of the noise');
    // a strategy by scores in a sealed run, and more who give their noise away than a sum has
    const scored: RunConfig = {
      ...better,
      strategy: RunConfig.shape.strategy.parse({ name: 'gradient-norm' }),
      privacy: { ...startPrivacy.distributed, colluding: 5 },
    };
    const both = privacyState(scored, catalog);
    if (both.kind !== 'conflicts') throw new Error(both.kind);
    expect(both.paths).toEqual(['privacy.colluding', 'strategy.name']);
    expect(privacyState(fitted(scored, both.paths), catalog).kind).toBe('plan');
  });

  it('says when a stated noise lasts for a part of the rounds only', () => {
    const config = fitted(
      { ...wished, rounds: 50, strategy: { name: 'head-only' }, cohort: { ...wished.cohort, goal: 500 } },
      ['strategy.name'],
    );
    const state = privacyState({ ...config, privacy: { ...startPrivacy.client, noise: 1.5 } }, catalog);
    expect(state).toMatchObject({ kind: 'plan' });
    if (state.kind === 'plan')
      expect(state.sentences[0]).toMatch(/The budget lasts for \d+ of 50 rounds; then the run stops\./);
  });

  describe('of a run whose participants protect each of their samples', () => {
    const own: RunConfig = {
      ...usual,
      strategy: { name: 'head-only' },
      rounds: 20,
      local: { ...usual.local, head: trainedHead },
      privacy: startPrivacy.sample,
    };

    it('says what stands against it, whatever it is, and fits it away', () => {
      const config: RunConfig = {
        ...own,
        strategy: RunConfig.shape.strategy.parse({ name: 'strata' }),
        budget: { kind: 'fixed', unit: 'milliseconds', amount: 9 },
        local: { ...usual.local, timeBox: 5 },
        stopping: { patience: 3, target: 0.9 },
        retention: { ...own.retention, best: 2 },
        aggregation: {
          ...own.aggregation,
          rule: { name: 'mean' },
          weightCap: null,
          sealing: { kind: 'sealed', atLeast: 3, samples: 100, seconds: 60 },
        },
      };
      const state = privacyState(config, catalog);
      if (state.kind !== 'conflicts') throw new Error(state.kind);
      expect([...state.paths].sort()).toEqual([
        'aggregation.sealing',
        'budget.unit',
        'local.head.warmUp.kind',
        'local.timeBox',
        'retention.best',
        'stopping.patience',
        'stopping.target',
        'strategy.name',
      ]);
      const better = fitted(config, state.paths);
      expect(better.privacy).toEqual(startPrivacy.sample);
      expect(privacyState(better, catalog).kind).toBe('plan');
      expect(configErrors(better, catalog)).toEqual({});
    });

    it('says what noise participants need by how many samples they have, and that nobody can check it', () => {
      const state = privacyState(own, catalog);
      if (state.kind !== 'plan') throw new Error(state.kind);
      expect(state.verdict).toBe('usable');
      expect(state.sentences[0]).toMatch(
        /with 100 samples [\d.]+ times \(ε [78]\.\d\d\), with 1000 samples [\d.]+ times \(ε [78]\.\d\d\), with 10000/,
      );
      expect(state.sentences.join(' ')).toContain('nobody can check');
      const given = privacyState({ ...own, privacy: { ...startPrivacy.sample, noise: 0.7 } }, catalog);
      if (given.kind !== 'plan') throw new Error(given.kind);
      expect(given.sentences[0]).toMatch(/with 100 samples 0\.7 times \(which lasts for \d+ of 20 rounds\)/);
    });

    it('says where more noise than learning is likely', () => {
      const drowned: RunConfig = {
        ...own,
        strategy: { name: 'full' },
        rounds: 1,
        local: { ...own.local, batchSize: 1, maxBatches: 1 },
        privacy: { ...startPrivacy.sample, epsilon: 0.1 },
      };
      expect(privacyState(drowned, catalog)).toMatchObject({ kind: 'plan', verdict: 'drowned' });
    });
  });
});
