import { readTexts } from '@strata/fl-core/data';
import type { TaskConfig } from '@strata/fl-core/protocol';
import { taskNamed, tasks } from '@strata/fl-core/tasks';
import { describe, expect, it } from 'vitest';
import { learns, ownDataWords, purpose, thingsOf } from './task-words.ts';

const labels = ['praise', 'complaint'];
const textRun = (task: TaskConfig) => ({
  task,
  data: { kind: 'text' as const, sample: null },
  labels: taskNamed(task.name).labels === null ? [] : labels,
});
const configs = tasks.map((task): TaskConfig => task.startConfig(64));

describe.each(configs.map((task) => [task.name, task] as const))('a run for %s', (name, task) => {
  const run = textRun(task);

  it('says what it is for', () => {
    expect(purpose(run)).toMatch(/^Together, the participants teach one model to .+\.$/);
    expect(learns(run)).not.toBe('');
    expect(purpose(run)).not.toMatch(/\b0\b/);
  });

  it('shows an example that is read without a problem', async () => {
    const { example } = ownDataWords(run);
    const content =
      example?.kind === 'table'
        ? [example.header, ...example.rows].map((row) => row.join(',')).join('\n')
        : (example?.lines.join('\n') ?? '');
    const bytes = new TextEncoder().encode(content);
    const path = example?.kind === 'table' ? 'example.csv' : 'example.txt';
    const read = await readTexts([{ path, size: bytes.length, read: async () => bytes }], {
      task: name,
      labels: run.labels,
    });
    expect(read).toMatchObject({ problemCount: 0, unknown: [] });
    expect(read.samples.texts).toHaveLength(example?.kind === 'table' ? example.rows.length : 1);
  });
});

it('pictures are told apart, too', () => {
  const run = { ...textRun({ name: 'classification' }), data: { kind: 'image' as const, sample: null } };
  expect(thingsOf(run)).toEqual({ one: 'picture', many: 'pictures' });
  expect(learns(run)).toBe('2 kinds of pictures');
  expect(ownDataWords(run).example).toBeNull();
});
