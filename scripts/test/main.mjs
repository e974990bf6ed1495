// npm test: what a change must pass before it is sent, from a fresh clone with only Node and npm, in minutes.
// npm test -- --whole: all there is, as CI runs it; tests tagged `long` come to three times as much.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled, ensurePages, requireNode, root } from '../prepare.mjs';
import { afterRepeat, failureLines, filesToRepeat, playwrightAccount } from './failures.mjs';

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

const accountant = join(import.meta.dirname, 'vitest-reporter.mjs');

/** The runners of tests: what each is started with, for all its tests or for some files, and its account of what it ran. */
const runners = {
  unit: {
    start: (title, report, files) =>
      step(
        title,
        bin('vitest'),
        [
          'run',
          '--reporter=default',
          `--reporter=${accountant}`,
          ...(whole ? [] : ['--tags-filter=!long']),
          ...(files ? ['--maxWorkers=1', ...files] : []),
        ],
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
    start: (title, report, files) =>
      step(
        title,
        bin('playwright'),
        [
          'test',
          '--config',
          'e2e',
          ...(whole ? [] : ['--grep-invert=@long']),
          // Beside the traces and the report of the first run, not in their place.
          ...(files ? ['--output=test-results/again', '--reporter=list,json', ...files] : []),
        ],
        {
          env: { ...process.env, PLAYWRIGHT_JSON_OUTPUT_FILE: report },
        },
      ),
    account: playwrightAccount,
  },
};

/** Runs a runner's tests, or those of some files; what it did. */
async function run(name, title, files) {
  const report = join(reports, `${title.replaceAll(/\W+/g, '-')}.json`);
  const code = await runners[name].start(title, report, files);
  try {
    const account = runners[name].account(JSON.parse(readFileSync(report, 'utf8')));
    // Nothing failed, and yet: a threshold, a worker that would not end.
    if (code !== 0 && account.failed === 0)
      return {
        ...account,
        failed: 1,
        failures: [{ name: title, error: `The runner ended with ${code}.` }],
      };
    return account;
  } catch (error) {
    const failures = [{ name: title, error: `No report of what they did: ${error.message}` }];
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
const accounts = {};
for (const name of Object.keys(runners))
  accounts[name] = { ...(await run(name, `${name} tests`)), chance: [] };
// What failed is run once more, with nothing beside it: a fault fails again, and chance is told by name.
for (const [name, first] of Object.entries(accounts)) {
  const files = filesToRepeat(first.failures);
  if (files.length > 0)
    accounts[name] = afterRepeat(first, await run(name, `${name} tests that failed, again`, files));
  must(`${name} tests`, accounts[name].failed);
}

const total = (part) => Object.values(accounts).reduce((sum, account) => sum + account[part], 0);
rmSync(reports, { recursive: true, force: true });
console.log(
  `\n${failures.length ? `Failed: ${failures.join(', ')}` : 'All green'} in ${Math.round((Date.now() - began) / 1000)} s`,
);
console.log(`${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped`);
if (!whole) console.log('The long tests were left out; CI runs them, and so does npm test -- --whole.');
const all = (part) => Object.values(accounts).flatMap((account) => account[part]);
for (const line of failureLines(all('failures'))) console.log(line);
if (all('chance').length > 0) console.log('Failed, and passed when run again by itself:');
for (const line of failureLines(all('chance'))) console.log(line);
process.exitCode = failures.length ? 1 : 0;
