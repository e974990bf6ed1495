import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { optimizers, rules } from '../aggregation/index.ts';
import { architectures, families } from '../models/layouts.ts';
import { strategies } from '../selection/index.ts';
import { tasks } from '../tasks/index.ts';
import type { Listed } from './variant.ts';

interface Row {
  readonly variant: Listed;
  readonly start: Readonly<Record<string, unknown>>;
}

const code = (words: readonly string[]) => words.map((word) => `\`${word}\``).join(', ');

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

function optionsOf(start: Row['start']): string {
  const options = Object.entries(start).filter(([option]) => option !== 'name');
  return options.map(([option, value]) => `\`${option}\` ${value}`).join(', ');
}

function variants(what: string, rows: readonly Row[]): string {
  const lines = rows.map(({ variant: { name, title, text, source }, start }) => [
    code([name]),
    title,
    text,
    optionsOf(start),
    source,
  ]);
  return table([what, '', 'what it does', 'options', 'source'], lines);
}

/** Those that a model may be brought of, for the README. */
const known = families()
  .map(({ titles, tasks }) => `${titles.join(', ')} (${tasks.join(', ')})`)
  .join('; ');

/** Pages that people read: brought up to date by `npx vitest run --project unit packages/fl-core/src/variants -u`. */
it('docs/variants.md lists every variant and every architecture', async () => {
  const page = `# Tasks, strategies, rules, optimizers, architectures

Written by \`packages/fl-core/src/variants/page.test.ts\` from the lists in the code; options with the values that a form starts with (tasks: for a model of 512 tokens; rules: in a round of 10 updates). How to add one: [recipes](../CONTRIBUTING.md#recipes).

## Tasks: what a model learns to say of a sample

${table(
  ['task', 'on', '', 'what it learns', 'options', '`accuracy` is'],
  tasks.flatMap(({ name, on, startConfig, metric }) =>
    Object.entries(on).map(([kind, { title, text }]) => [
      code([name]),
      kind,
      title,
      text,
      optionsOf(startConfig(512)),
      metric.name,
    ]),
  ),
)}

## Strategies: which layers each client trains

${variants(
  'strategy',
  strategies.map((variant) => ({ variant, start: variant.startConfig() })),
)}

## Rules: how the clients' changes of a layer become one

${variants(
  'rule',
  rules.map((variant) => ({ variant, start: variant.startConfig(10) })),
)}

## Server optimizers: what becomes of that change

${variants(
  'optimizer',
  optimizers.map((variant) => ({ variant, start: variant.startConfig() })),
)}

## Architectures: what models can be

${table(
  ['architecture', '', 'what it is', 'kind', 'tasks', '`model_type`', 'source'],
  architectures.map(({ name, title, text, kind, tasks, transformers, source }) => [
    code([name]),
    title,
    text,
    kind,
    tasks.join(', '),
    code(transformers?.modelTypes ?? []),
    source,
  ]),
)}
`;
  await expect(page).toMatchFileSnapshot('../../../../docs/variants.md');
});

it('README.md names every architecture that a model may be brought of', async () => {
  const readme = readFileSync(new URL('../../../../README.md', import.meta.url), 'utf8');
  const part = /(<!-- architectures -->).*(<!-- end of architectures -->)/;
  expect(readme).toMatch(part);
  await expect(readme.replace(part, `$1${known}$2`)).toMatchFileSnapshot('../../../../README.md');
});
