import { expect, it } from 'vitest';
import { roundSummary, runView } from '../testing/views.ts';
import { figures } from './figures.ts';
import { noFigures } from './no-figures.ts';

const byId = (run: ReturnType<typeof runView>) => Object.fromEntries(figures(run).map((f) => [f.id, f]));

it('compares the newest measurement with the one before, past rounds without one', () => {
  const run = runView({
    rounds: [
      roundSummary(1, { accuracy: 0.5, loss: 1 }),
      roundSummary(2, { phase: 'abandoned', accuracy: null, loss: null }),
      roundSummary(3, { accuracy: 0.625, medianAccuracy: 0.5, loss: 1.25 }),
    ],
  });
  expect(byId(run).accuracy).toMatchObject({
    value: '62.5 %',
    note: '50.0 % the median participant · +12.5 points since round 1',
    trend: 'better',
  });
  expect(byId(run).loss).toMatchObject({ value: '1.250', note: '+0.250 since round 1', trend: 'worse' });
});

it('has perplexity beside the loss where next tokens are predicted', () => {
  const run = runView(
    { rounds: [roundSummary(1, { accuracy: 0.25, loss: Math.log(20) })] },
    { model: 'use-lite', data: { kind: 'text' }, labels: [], task: { name: 'next-token' } },
  );
  expect(byId(run).accuracy).toMatchObject({ label: 'Held-out next tokens right', value: '25.0 %' });
  expect(byId(run).loss).toMatchObject({ value: '2.996', note: 'perplexity 20 · round 1' });
});

it('gives the bytes and the saving', () => {
  const run = runView({ rounds: [roundSummary(1)] });
  expect(byId(run).traffic).toMatchObject({ value: '1.50 kB', note: '75.0 % less than training all layers' });
});

it('promises nothing before the first round', () => {
  expect(figures(runView()).map((f) => f.value)).toEqual(['–', '–', '0 B', '0']);
});

it('shows what is spent of epsilon in a run under differential privacy, and nothing of it in others', () => {
  const privacy = { kind: 'client', epsilon: 8, delta: 1e-3, clip: 1 } as const;
  const run = runView({ spent: { epsilon: 3.2149, models: 4 } }, { privacy });
  expect(byId(run).privacy).toMatchObject({
    label: 'Privacy spent',
    value: 'ε 3.21',
    note: 'of 8 · δ 0.001 · 4 models sent',
  });
  expect(byId(runView()).privacy).toBeUndefined();
});

it('says how much noise is on an accuracy that is published with it, and that losses are not told', () => {
  const privacy = {
    kind: 'client',
    ...{ epsilon: 8, delta: 1e-3, clip: 1 },
    figures: { kind: 'noised', share: 0.1 },
  } as const;
  const noised = { loss: null, medianAccuracy: null, accuracy: 0.5, accuracyNoise: 0.0421 };
  const run = runView({ spent: { epsilon: 1, models: 1 }, rounds: [roundSummary(1, noised)] }, { privacy });
  expect(byId(run).accuracy).toMatchObject({ value: '50.0 %', note: '± 4.2 points of noise · round 1' });
  expect(byId(run).loss).toMatchObject({ value: '–', note: 'not told' });
  const withheld = { ...privacy, figures: { kind: 'withheld' } } as const;
  const quiet = runView({ rounds: [roundSummary(1, { accuracy: null, loss: null })] }, { privacy: withheld });
  for (const figure of [byId(quiet).accuracy, byId(quiet).loss])
    expect(figure).toMatchObject({ value: '–', note: 'nobody is asked' });
});

it('waits for no figures where participants noise what they send, since none leave their devices', () => {
  const privacy = { kind: 'distributed', epsilon: 8, delta: 1e-3, clip: 1 } as const;
  const run = runView(
    { spent: { epsilon: 1, models: 1 }, rounds: [roundSummary(1, { accuracy: null, loss: null })] },
    { privacy },
  );
  for (const figure of [byId(run).accuracy, byId(run).loss])
    expect(figure).toMatchObject({ value: '–', note: 'stay on the devices' });
  expect(noFigures(run.config.privacy)?.text).toContain('nothing but their changes leaves');
  expect(noFigures({ kind: 'none' })).toBeNull();
});

it('shows of a run whose participants protect their samples what they claim, and that there are no figures to wait for', () => {
  const privacy = { kind: 'sample', epsilon: 8, delta: 1e-5, clip: 1 } as const;
  const claimed = { participants: 3, least: 1.5 };
  const run = runView({ spent: { epsilon: 3.2149, models: 0, claimed } }, { privacy });
  expect(byId(run).privacy).toMatchObject({
    label: 'Privacy spent, as claimed',
    value: 'ε 3.21',
    note: 'of 8 for each sample · the most of 3 participants · nobody can check it',
  });
  expect(byId(run).accuracy).toMatchObject({ value: '–', note: 'participants send none' });
  const before = runView(
    { spent: { epsilon: 0, models: 0, claimed: { participants: 0, least: 0 } } },
    { privacy },
  );
  expect(byId(before).privacy?.value).toBe('–');
});
