import { expect, it } from 'vitest';
import { optimizers, rules } from '../aggregation/index.ts';
import { strategies } from '../selection/index.ts';

interface Listed {
  readonly name: string;
  readonly title: string;
  readonly text: string;
  readonly source: string;
}

interface Row {
  readonly variant: Listed;
  readonly start: Readonly<Record<string, unknown>>;
}

function table(what: string, rows: readonly Row[]): string {
  const lines = rows.map(({ variant: { name, title, text, source }, start }) => {
    const options = Object.entries(start).filter(([option]) => option !== 'name');
    const cells = [
      `\`${name}\``,
      title,
      text,
      options.map(([option, value]) => `\`${option}\` ${value}`).join(', '),
      source,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    `| ${what} | | what it does | options | source |`,
    '| --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

/** The page that people read: brought up to date by `npx vitest run --project unit packages/fl-core/src/variants -u`. */
it('docs/variants.md lists every variant', async () => {
  const page = `# Strategies, rules, optimizers

Written by \`packages/fl-core/src/variants/page.test.ts\` from the lists in the code; options with the values that a form starts with (rules: in a round of 10 updates). How to add one: [recipes](../CONTRIBUTING.md#recipes).

## Strategies: which layers each client trains

${table(
  'strategy',
  strategies.map((variant) => ({ variant, start: variant.startConfig() })),
)}

## Rules: how the clients' changes of a layer become one

${table(
  'rule',
  rules.map((variant) => ({ variant, start: variant.startConfig(10) })),
)}

## Server optimizers: what becomes of that change

${table(
  'optimizer',
  optimizers.map((variant) => ({ variant, start: variant.startConfig() })),
)}
`;
  await expect(page).toMatchFileSnapshot('../../../../docs/variants.md');
});
