// npm test: what a change must pass before it is sent, from a fresh clone with only Node and npm, in minutes.
// npm test -- --whole: all there is, as CI runs it; tests tagged `long` come to three times as much.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled, ensurePages, requireNode, root } from '../prepare.mjs';
import { failureLines, playwrightAccount } from './failures.mjs';

const began = Date.now();
const whole = process.argv.includes('--whole');
const reports = mkdtempSync(join(tmpdir(), 'strata-test-'));

/**
 * Runs one step; its output is the step's own, at once, or as a whole when it has ended. Resolves to its exit code.
 */
function step(title, command, args, { whole = false, ...options } = {}) {
  const heading = `\n== ${title}`;
  if (!whole) console.log(heading);
  return new Promise((resolve) => {
    const stdio = whole ? ['ignore', 'pipe', 'pipe'] : 'inherit';
    const child = spawn(command, args, { cwd: root, stdio, ...options });
    const said = [];
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes) => said.push(bytes));
    child.on('error', (error) => {
      console.error(`${command}: ${error.message}`);
      resolve(1);
    });
    child.on('close', (code) => {
      if (whole) console.log(`${heading}\n${Buffer.concat(said)}`.trimEnd());
      resolve(code ?? 1);
    });
  });
}

const node = (...args) => [process.execPath, args];
const bin = (name) => join(root, 'node_modules', '.bin', name);

/** The runners of tests: what each is started with, and its account of what it ran. */
const runners = {
  unit: {
    start: (report) =>
      step(
        'unit tests',
        bin('vitest'),
        ['run', '--reporter=default', `--reporter=${accountant}`, ...(whole ? [] : ['--tags-filter=!long'])],
        {
          env: {
            ...process.env,
            STRATA_TEST_ACCOUNT: report,
            ...(whole ? {} : { STRATA_TEST_WITHOUT: 'long' }),
          },
        },
      ),
    account: (report) => report,
  },
  e2e: {
    start: (report) =>
      step(
        'e2e tests',
        bin('playwright'),
        ['test', '--config', 'e2e', ...(whole ? [] : ['--grep-invert=@long'])],
        {
          env: { ...process.env, PLAYWRIGHT_JSON_OUTPUT_FILE: report },
        },
      ),
    account: playwrightAccount,
  },
};

const accountant = join(import.meta.dirname, 'vitest-reporter.mjs');
const reportOf = (name) => join(reports, `${name}.json`);

function accountOf([name, runner]) {
  try {
    return runner.account(JSON.parse(readFileSync(reportOf(name), 'utf8')));
  } catch (error) {
    const failures = [{ name: `${name} tests`, error: `No report of what they did: ${error.message}` }];
    return { passed: 0, failed: 1, skipped: 0, failures };
  }
}

requireNode();
await ensureInstalled();
const failures = [];
const must = (title, code) => {
  if (code !== 0) failures.push(title);
};
must(
  'chromium',
  await step('Chromium', ...node('--import', 'tsx', 'packages/harness/src/ensure-chromium.ts')),
);
// Side by side: lint, types and pages have one core each for most of their time.
const checks = {
  lint: step('lint', bin('biome'), ['check', '--error-on-warnings', '.'], { whole: true }),
  walls: step('walls', ...node('--import', 'tsx', 'scripts/walls/main.ts'), { whole: true }),
  // --force: TypeScript 7.0 misses what a change of globals (`platform/*.d.ts`) breaks when it builds upon an earlier check.
  types: step('types', bin('tsc'), ['-b', '--force'], { whole: true }),
};
const [pages] = await Promise.allSettled([ensurePages(), ...Object.values(checks)]);
for (const [title, code] of Object.entries(checks)) must(title, await code);
if (pages.status === 'rejected') throw pages.reason;
for (const [name, runner] of Object.entries(runners))
  must(`${name} tests`, await runner.start(reportOf(name)));

const accounts = Object.entries(runners).map(accountOf);
const total = (part) => accounts.reduce((sum, account) => sum + account[part], 0);
rmSync(reports, { recursive: true, force: true });
console.log(
  `\n${failures.length ? `Failed: ${failures.join(', ')}` : 'All green'} in ${Math.round((Date.now() - began) / 1000)} s`,
);
console.log(`${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped`);
if (!whole) console.log('The long tests were left out; CI runs them, and so does npm test -- --whole.');
for (const line of failureLines(accounts.flatMap((account) => account.failures))) console.log(line);
process.exitCode = failures.length ? 1 : 0;
