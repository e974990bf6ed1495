import { AggregationRule } from '@strata/fl-core/aggregation';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../experiment.ts';
import { attacks } from './attacks.ts';
import { play } from './play.ts';
import { poison } from './poison.ts';

/** Ten participants, two of them hostile, eight rounds, as in docs/results.md. */
const accuracyOf = async (rule: object, attack: string, weightCap: number | null = 2) => {
  const found = attacks.find((a) => a.name === attack);
  if (!found) throw new RangeError(attack);
  const aggregation = { rule: AggregationRule.parse(rule), weightCap };
  const shape = { clients: 10, hostile: 2, rounds: 8, seed: 1 };
  return (await play({ aggregation, attack: found, ...shape })).accuracy;
};
const [mean, clipped] = [{ name: 'mean' }, { name: 'clipped-mean' }];
const robust = [
  { name: 'median' },
  { name: 'trimmed-mean', share: 0.2 },
  { name: 'multi-krum', byzantine: 2, keep: 6 },
];

describe('poison', () => {
  it('the clipped mean does as the mean where nobody is hostile, whoever has ten times the samples', async () => {
    for (const attack of ['none', 'none, 10 times the samples']) {
      const honest = await accuracyOf(mean, attack, null);
      expect(honest).toBeGreaterThan(0.75);
      expect(Math.abs((await accuracyOf(clipped, attack)) - honest)).toBeLessThan(0.02);
    }
  });

  it('the mean falls to long changes and the clipped mean does not', async () => {
    for (const attack of ['flip x10', '+-1e6', '3.3e38']) {
      expect(await accuracyOf(mean, attack)).toBeLessThan(0.6);
      expect(await accuracyOf(clipped, attack)).toBeGreaterThan(0.7);
    }
  });

  it.each(robust)('$name withstands every attack', async (rule) => {
    for (const { name } of attacks) expect(await accuracyOf(rule, name)).toBeGreaterThan(0.75);
  });

  it('claimed samples count as declared, declared ones up to the cap', async () => {
    const [claims, declares] = ['flip x1, claims 1e9', 'flip x1, declares 1e9'] as const;
    expect(await accuracyOf(mean, claims, null)).toBe(await accuracyOf(mean, 'flip x1', null));
    expect(await accuracyOf(mean, declares, null)).toBeLessThan(0.2);
    expect(await accuracyOf(mean, declares)).toBeGreaterThan(0.6);
  });

  it('refuses options that make no sense', async () => {
    for (const args of [['--hostile', '11'], ['--rounds', 'many'], ['--fast']]) {
      await expect(poison.run(args, () => {})).rejects.toThrow(UsageError);
    }
  });
});
