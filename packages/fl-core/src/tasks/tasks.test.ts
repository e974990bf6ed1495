import { describe, expect, it } from 'vitest';
import { RunConfig } from '../protocol/index.ts';
import { TaskConfig, taskNamed, tasks, tasksFor } from './index.ts';

it('has every task once, and none by another name', () => {
  const names = tasks.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.map((name) => taskNamed(name).name)).toEqual(names);
  expect(TaskConfig.safeParse({ name: 'none' }).success).toBe(false);
});

it('says what models can be trained for, by what they can', () => {
  const text = { kind: 'text', heads: ['classification'], pairs: false } as const;
  expect(tasksFor(text)).toEqual(['classification', 'multi-label']);
  expect(tasksFor({ ...text, pairs: true })).toContain('sequence-pair');
  expect(tasksFor({ ...text, heads: ['next-token'] })).toEqual(['next-token']);
  expect(tasksFor({ ...text, kind: 'image', pairs: true })).toEqual(['classification']);
});

describe.each(tasks.map((task) => [task.name, task] as const))('the task %s', (_, task) => {
  const { name, labels, metric, options } = task;
  const kinds = (['image', 'text'] as const).filter(task.takes);

  it('starts within its bounds, whatever the model takes of a text', () => {
    for (const maxTokens of [0, 16, 512, 100_000]) {
      expect(TaskConfig.parse(task.startConfig(maxTokens))).toEqual(task.startConfig(maxTokens));
      expect(task.fields(maxTokens).map(({ option }): string => option)).toEqual(Object.keys(options));
    }
  });

  it('makes runs on the data that it takes, with labels where it has any, and no others', () => {
    const problems = (kind: 'image' | 'text', of: readonly string[]) =>
      RunConfig.safeParse({
        name: 'a run',
        model: 'use-lite',
        data: { kind },
        task: { name },
        labels: of,
        strategy: { name: 'full' },
      }).error?.issues.map(({ path }) => path[0]) ?? [];
    for (const kind of ['image', 'text'] as const) {
      expect(problems(kind, labels ?? [])).toEqual(kinds.includes(kind) ? [] : ['task']);
    }
    const [kind = 'text'] = kinds;
    expect(problems(kind, labels === null ? ['a', 'b'] : ['a'])).toEqual(['labels']);
    expect(task.samples.every(task.takes)).toBe(true);
  });

  it.each(kinds)('has words for %s data', (kind) => {
    const words = task.wordsOn(kind);
    const run = { labels: labels?.length ?? 0, options: task.startConfig(64) };
    expect([words.title, words.text, words.brings, words.summary(run)].join()).not.toMatch(/\b0\b|NaN/);
    expect(words.text).toMatch(/\.$/);
    expect(words.instead).toMatch(/\.$/);
    expect(words.brings).toMatch(/^Participants .+\.$/);
    expect(words.summary(run)).toMatch(/\.$/);
    expect(words.heading(run, 64).length).toBeGreaterThan(0);
  });

  it('begins what its metric means with the name of it', () => {
    expect(metric.meaning.toLowerCase()).toMatch(new RegExp(`^${metric.name} is\\b`));
  });
});
