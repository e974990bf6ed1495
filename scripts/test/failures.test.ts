import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { root } from '../prepare.mjs';
import { afterRepeat, failureLines, filesToRepeat, playwrightAccount } from './failures.mjs';

/** Files of tests, run by the runner's own command in a folder of their own; what it reported. */
async function reportOf(
  files: Readonly<Record<string, string>>,
  command: (folder: string) => string[],
  env: string,
) {
  const ignored = join(root, 'test-results'); // by git and by watchers of tests; within reach of node_modules
  mkdirSync(ignored, { recursive: true });
  const folder = mkdtempSync(join(ignored, 'tmp-'));
  const report = join(folder, 'report.json');
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const [program = '', ...args] = command(folder);
    const run = promisify(execFile)(join(root, 'node_modules/.bin', program), args, {
      cwd: root,
      env: { ...process.env, [env]: report, STRATA_TEST_WITHOUT: 'long' },
    });
    await expect(run).rejects.toThrow(); // or nothing failed, which would show nothing
    return JSON.parse(readFileSync(report, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

it('names failed unit tests, files that could not be read, hooks and errors outside of tests', async () => {
  const account = await reportOf(
    {
      'a.test.ts': `import { beforeAll, describe, expect, it } from 'vitest';
        describe('sums', () => {
          it('are right', () => expect({ a: 1 }).toEqual({ a: 2 }));
          it('are there', () => {});
          it.skip('wait', () => {});
        });
        it('is long', { tags: ['long'] }, () => {});
        describe('hooks', () => {
          beforeAll(() => { throw new Error('no server'); });
          it('never runs', () => {});
        });`,
      'b.test.ts': `import './nothing.ts';`,
      'c.test.ts': `import { it } from 'vitest';
        it('leaves something', async () => {
          Promise.reject(new Error('stray\\nsecond line'));
          await new Promise((done) => setTimeout(done, 50));
        });`,
    },
    (folder) => {
      writeFileSync(
        join(folder, 'vitest.config.mjs'),
        "export default { test: { tags: [{ name: 'long' }] } };",
      );
      const reporter = join(import.meta.dirname, 'vitest-reporter.mjs');
      return ['vitest', 'run', '--root', folder, `--reporter=${reporter}`, '--tags-filter=!long'];
    },
    'STRATA_TEST_ACCOUNT',
  );
  expect(account).toMatchObject({ passed: 2, failed: 4, skipped: 2 });
  const lines = failureLines(account.failures).join('\n');
  for (const text of [
    /x test-results\/tmp-\w+\/a.test.ts > sums > are right\n {4}AssertionError: expected .*\n(.*\n)* {8}at .*a.test.ts:3/,
    /a.test.ts > hooks\n {4}Error: no server/,
    /x test-results\/tmp-\w+\/b.test.ts\n.*nothing.ts/,
    /x outside of a test, during test-results\/tmp-\w+\/c.test.ts\n {4}Error: stray\n {4}second line/,
  ])
    expect(lines).toMatch(text);
  expect(lines).not.toContain('\u001b');
  expect(
    filesToRepeat(account.failures)
      .map((file) => basename(file))
      .sort(),
  ).toEqual(['a.test.ts', 'b.test.ts', 'c.test.ts']);
}, 60_000);

it('names failed end-to-end tests by file and title', async () => {
  const report = await reportOf(
    {
      'a.e2e.ts': `import { expect, test } from '@playwright/test';
        test.describe('pages', () => {
          test('open', () => expect(1).toBe(2));
          test('close', () => {});
          test.skip('wait', () => {});
        });`,
      'playwright.config.ts': `export default { testDir: '.', outputDir: 'out', respectGitIgnore: false, testMatch: '**/*.e2e.ts', reporter: [['json']] };`,
    },
    (folder) => ['playwright', 'test', '--config', folder],
    'PLAYWRIGHT_JSON_OUTPUT_FILE',
  );
  const account = playwrightAccount(report);
  expect(account).toMatchObject({ passed: 1, failed: 1, skipped: 1 });
  expect(filesToRepeat(account.failures)).toEqual(['a.e2e.ts']);
  expect(failureLines(account.failures).join('\n')).toMatch(
    /x a.e2e.ts > pages > open\n {4}Error: expect.*\n(.*\n)*.*at .*a.e2e.ts:3/,
  );
}, 60_000);

it('keeps a long error short', () => {
  const lines = failureLines([{ name: 'a', error: `${'x'.repeat(1000)}\n${'line\n'.repeat(100)}` }]);
  expect(lines.length).toBeLessThan(10);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(240);
});

describe('what failed, run again by itself', () => {
  const failure = (file: string | undefined, error = 'Error: late') => ({
    name: `${file} > works`,
    error,
    ...(file === undefined ? {} : { file }),
  });
  const account = (...failures: ReturnType<typeof failure>[]) => ({
    passed: 10,
    failed: failures.length,
    skipped: 1,
    failures,
  });

  it('is chance where its file passes, and a failure where not', () => {
    const [late, wrong] = [failure('late.test.ts'), failure('wrong.test.ts')];
    const after = afterRepeat(account(late, wrong), account(wrong));
    expect(after).toEqual({ passed: 11, failed: 1, skipped: 1, failures: [wrong], chance: [late] });
    expect(afterRepeat(account(late), account())).toMatchObject({ failed: 0, chance: [late] });
  });

  it('stays a failure where the second run says nothing of files', () => {
    const late = failure('late.test.ts');
    expect(afterRepeat(account(late), account(failure(undefined)))).toMatchObject({ failed: 1, chance: [] });
  });

  it('is not asked of counterexamples, of what has no file, nor of a broken whole', () => {
    const counterexample = failure('b.test.ts', 'Error: Property failed after 3 tests\n{ seed: 7 }');
    expect(filesToRepeat([failure('a.test.ts'), failure('a.test.ts')])).toEqual(['a.test.ts']);
    expect(filesToRepeat([failure('a.test.ts'), counterexample])).toEqual([]);
    expect(filesToRepeat([failure('a.test.ts'), failure(undefined)])).toEqual([]);
    expect(filesToRepeat(Array.from({ length: 7 }, (_, i) => failure(`${i}.test.ts`)))).toEqual([]);
  });
});
