import { describe, expect, it } from 'vitest';
import { StrataError } from '../error.ts';
import { AggregationConfig } from '../protocol/index.ts';
import { limitsOf, type Options } from '../variants/index.ts';
import { type OptimizerVariant, optimizers, ServerOptimizer } from './optimizers/index.ts';
import { AggregationRule, type RuleVariant, rules } from './rules/index.ts';

const listed = [...rules, ...optimizers].map((v): [string, RuleVariant | OptimizerVariant] => [v.name, v]);

it('names no variant twice, and all that a configuration may name', () => {
  expect(AggregationRule.options.map((o) => o.shape.name.value)).toEqual(rules.map((r) => r.name));
  expect(ServerOptimizer.options.map((o) => o.shape.name.value)).toEqual(optimizers.map((o) => o.name));
  expect(new Set(listed.map(([name]) => name)).size).toBe(listed.length);
});

describe.each(listed)('%s', (_, variant) => {
  it('says what it does and where it comes from', () => {
    expect(variant.title).not.toBe('');
    expect(variant.text).toMatch(/\.$/);
    expect(variant.source).toMatch(/arXiv \d{4}\.\d{5}|our own/);
  });

  it('has a field for each of its options and no other, with bounds', () => {
    const options: Options = variant.options;
    expect(variant.fields.map((f): string => f.option).sort()).toEqual(Object.keys(options).sort());
    for (const field of variant.fields) {
      const limits = limitsOf(options[field.option]!);
      expect(Number.isFinite(limits?.min) && Number.isFinite(limits?.max)).toBe(true);
    }
  });

  it('refuses options of another kind', () => {
    for (const field of variant.fields)
      expect(() => variant.create({ ...variant.startConfig(3), [field.option]: 'x' })).toThrow(StrataError);
  });
});

describe('rules', () => {
  it.each(rules.map((r): [string, RuleVariant] => [r.name, r]))(
    '%s starts with options that a run takes, whatever the size of a round',
    (_, variant) => {
      for (const updates of [0, 1, 3, 5.5, 12, 10_000]) {
        const rule = variant.startConfig(updates);
        expect(AggregationConfig.parse({ rule }).rule).toEqual(rule);
        const demand = variant.demand(rule, updates);
        if (updates >= 3) expect(demand?.updates ?? 1).toBeLessThanOrEqual(updates);
      }
    },
  );

  it('Krum counts hostile clients by n >= 2f + 3', () => {
    const krum = rules.find((r) => r.name === 'krum')!;
    expect([1, 3, 4, 5, 9].map((n) => krum.startConfig(n))).toEqual(
      [0, 0, 0, 1, 3].map((byzantine) => ({ name: 'krum', byzantine })),
    );
    const needed = [0, 1, 3].map((byzantine) => krum.demand({ name: 'krum', byzantine }, 9)?.updates);
    expect(needed).toEqual([3, 5, 9]);
  });
});

it.each(optimizers.map((o): [string, OptimizerVariant] => [o.name, o]))('%s needs no options', (name, o) => {
  expect(AggregationConfig.parse({ optimizer: { name } }).optimizer).toEqual(o.startConfig());
});
