import { describe, expect, it } from 'vitest';
import { StrataError } from '../../error.ts';
import { limitsOf } from '../../variants/index.ts';
import { createStrategy } from '../create.ts';
import { StrategyConfig, type StrategyVariant, strategies } from './index.ts';

describe('the list of strategies', () => {
  it('has no name and no title twice', () => {
    for (const key of ['name', 'title'] as const)
      expect(new Set(strategies.map((s) => s[key])).size).toBe(strategies.length);
  });

  it('is what a configuration may name', () => {
    expect(StrategyConfig.options.map((o) => o.shape.name.value)).toEqual(strategies.map((s) => s.name));
    expect(StrategyConfig.safeParse({ name: 'toy' }).success).toBe(false);
  });
});

describe.each(strategies.map((s): [string, StrategyVariant] => [s.name, s]))('%s', (name, strategy) => {
  it('says what it does and where it comes from', () => {
    expect(strategy.title).not.toBe('');
    expect(strategy.text).toMatch(/\.$/);
    expect(strategy.source).toMatch(/arXiv \d{4}\.\d{5}|Baseline|Linear probing|our own/);
    expect(strategy.heading(strategy.startConfig())).not.toBe('');
  });

  it('starts with options that a configuration takes as they are', () => {
    const start = strategy.startConfig();
    expect(start.name).toBe(name);
    expect(StrategyConfig.parse(start)).toEqual(start);
    expect(createStrategy(start).needs).toMatch(/^(nothing|scores|history)$/);
  });

  it('has a field for each of its options and no other, with bounds where it is a number', () => {
    expect(strategy.fields.map((f): string => f.option).sort()).toEqual(Object.keys(strategy.options).sort());
    const options: Readonly<Record<string, Parameters<typeof limitsOf>[0]>> = strategy.options;
    for (const field of strategy.fields) {
      const limits = limitsOf(options[field.option]!);
      expect(limits !== null && Number.isFinite(limits.max)).toBe(field.kind !== 'choice');
    }
  });

  it('refuses options of another kind', () => {
    for (const field of strategy.fields)
      expect(() => strategy.create({ ...strategy.startConfig(), [field.option]: {} })).toThrow(StrataError);
  });
});

it('has words for the whole range of a price', () => {
  for (const field of strategies.flatMap((s) => [...s.fields]))
    if (field.kind === 'price') expect(new Set([0, 0.1, 1, 10].map(field.words)).size).toBe(4);
});
