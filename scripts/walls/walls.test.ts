import { describe, expect, it } from 'vitest';
import { check, type Rules } from './check.ts';
import { importsOf } from './imports.ts';
import { place } from './table.ts';

const exported = new Map([['@strata/tools/clock', 'tools/clock.ts']]);
const rules: Rules = {
  places: [
    place('tools', '', 'zod', 'tools know nobody'),
    place('app/store', 'tools', 'node:*', 'the store knows tools'),
    place('app/pages', 'app/store/public.ts', '@mantine/*', 'pages know one file of the store'),
    place('app/pages/charts', '', 'echarts', 'only charts draw'),
  ],
  tests: [place('app', 'tools', '*', 'the app is tested by itself')],
  isTest: (path) => path.endsWith('.test.ts'),
  isProduct: (path) => path.startsWith('app'),
  neverLoaded: [],
  exceptions: [],
};

/** @param files source by path */
const problemsOf = (files: Readonly<Record<string, string>>, more: Partial<Rules> = {}): string[] =>
  check(
    Object.entries(files).flatMap(([path, source]) => importsOf(path, source, exported)),
    { ...rules, ...more },
  );

describe('the walls', () => {
  it('let through what the table names', () => {
    const files = {
      'app/store/rows.ts': "import '@strata/tools/clock'; import 'node:fs/promises'; import './public.ts';",
      'app/pages/Page.tsx': "import '../store/public.ts'; import '@mantine/core'; export const a = <b />;",
      'app/pages/charts/Chart.tsx': "import '../Page.tsx'; import 'echarts/core'; import '@mantine/core';",
      'app/pages/Page.test.ts': "import '../store/rows.ts'; import 'vitest';",
    };
    expect(problemsOf(files)).toEqual([]);
  });

  it.each([
    ['another place', "import { x } from '../store/rows.ts';"],
    ['a type', "import type { X } from '../store/rows.ts';"],
    ['a type in its place', "export type X = import('../store/rows.ts').X;"],
    ['a re-export', "export * from '../store/rows.ts';"],
    ['a named re-export', "export type { X } from '../store/rows.ts';"],
    ['a later import', "await import('../store/rows.ts');"],
    ['a worker', "new Worker(new URL('../store/rows.ts', import.meta.url));"],
    ['a package', "import { z } from 'zod';"],
    ['a package further down', "import * as echarts from 'echarts/core';"],
    ['a module of Node', "import { join } from 'node:path';"],
    ['a path that is not exported', "import '@strata/tools/hidden';"],
    ['a test', "import './page.test.ts';"],
  ])('stop %s', (_, source) => {
    expect(problemsOf({ 'app/pages/page.ts': `\n${source}` })).toEqual([
      expect.stringMatching(/^app\/pages\/page\.ts:2 imports '.*'\.\n {2}Rule: .*\n {2}Remedy: /s),
    ]);
  });

  it('stop a file that no place holds', () => {
    expect(problemsOf({ 'elsewhere/x.ts': "import './y.ts'; import './z.ts';" })).toEqual([
      expect.stringContaining('No place of the table holds elsewhere/x.ts'),
    ]);
  });

  it('stop a circle, of types too, and show it once', () => {
    const files = {
      'tools/a.ts': "import { b } from './b.ts';",
      'tools/b.ts': "\nexport type { C } from './c.ts';",
      'tools/c.ts': "export type A = import('./a.ts').A;",
      'tools/leads-into-it.ts': "import './a.ts';",
      'tools/starts.ts': "new Worker(new URL('./worker.ts', import.meta.url));",
      'tools/worker.ts': "import './starts.ts';",
    };
    expect(problemsOf(files)).toEqual([
      "tools/a.ts:1 imports './b.ts',\n  tools/b.ts:2 imports './c.ts',\n  tools/c.ts:1 imports './a.ts': a circle.\n" +
        '  Remedy: move what both need to a file of its own.',
    ]);
  });

  it('stop a package that is loaded by way of others, unless only later or for its types', () => {
    const neverLoaded = [{ from: 'app', packages: 'zod', why: 'the app starts without zod' }];
    const of = (importing: string) =>
      problemsOf({ 'app/store/rows.ts': importing, 'tools/clock.ts': "import 'zod';" }, { neverLoaded });
    expect(of("import '@strata/tools/clock';")).toEqual([
      expect.stringMatching(
        /starts without zod\n {2}Loaded by: app\/store\/rows\.ts\n {4}-> tools\/clock\.ts/,
      ),
    ]);
    expect(of("await import('@strata/tools/clock');")).toEqual([]);
    expect(of("import type { C } from '@strata/tools/clock';")).toEqual([]);
  });

  it('stop a table whose places could import each other', () => {
    const places = [place('tools', 'app', '', 'tools know the app'), place('app', 'tools', '', '')];
    expect(problemsOf({}, { places })).toEqual([expect.stringContaining('stands further down')]);
  });

  it('let exceptions through, and tell those that nobody needs', () => {
    const exceptions = [{ from: 'tools/a.ts', to: 'app/store/rows.ts', why: 'until it moves' }];
    const files = { 'tools/a.ts': "import '../app/store/rows.ts';" };
    expect(problemsOf(files, { exceptions })).toEqual([]);
    expect(problemsOf({}, { exceptions })).toEqual([expect.stringContaining('needed no more')]);
  });
});
