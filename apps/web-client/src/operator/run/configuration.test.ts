import { expect, it } from 'vitest';
import { runView } from '../testing/views.ts';
import { configurationFacts } from './configuration.ts';

it('names data, split, rates, budget and lambda', () => {
  const { config } = runView(
    {},
    {
      strategy: { name: 'strata', lambda: 0.5 },
      budget: { kind: 'fixed', unit: 'layers', amount: 3 },
      local: {
        epochs: 2,
        batchSize: 8,
        maxBatches: 24,
        holdOut: 0.25,
        optimizer: { name: 'adamw', learningRate: 5e-4, weightDecay: 0.01 },
        schedule: { name: 'cosine', warmUp: 0.1 },
        head: { rate: 4, warmUp: { rounds: 2, epochs: 10 } },
      },
      seed: 9,
    },
  );
  expect(Object.fromEntries(configurationFacts(config))).toMatchObject({
    Data: expect.stringMatching(/^Emoji.*a drawing style each/),
    'Held out': '25 % of each participant’s samples, on its device',
    Layers: expect.stringContaining('λ 0.5'),
    Budget: 'budget 3 layers',
    'Local work':
      '2 epochs in batches of 8, at most 24 batches each; before, the head alone for 2 rounds of 10 epochs',
    'Learning rate': '0.0005, adamw, head × 4, weight decay 0.01, cosine, warm-up 10 %',
    Seed: '9',
  });
});

it('has no budget where the strategy takes none, and own data where there is no sample', () => {
  const { config } = runView({}, { strategy: { name: 'full' }, data: { kind: 'image' } });
  expect(Object.fromEntries(configurationFacts(config))).toMatchObject({
    Budget: 'none',
    Data: 'participants’ own',
  });
});

it('says what becomes of slow devices', () => {
  const said = (more: Parameters<typeof runView>[1]) =>
    new Map(configurationFacts(runView({}, more).config)).get('Slow devices');
  expect(said({})).toBe('left out');
  expect(said({ local: { timeBox: 20 } })).toBe('stopped 20 s before training closes');
  const timing = { kind: 'buffered', atWork: 6, staleness: 1 } as const;
  expect(said({ cohort: { timing } })).toMatch(/^carried on: 6 at work at once, .* more than 1 commit old/);
});
