// npm test: everything a change must pass, from a fresh clone with only Node and npm.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled, ensurePages, requireNode, root } from './prepare.mjs';

const began = Date.now();
const reports = mkdtempSync(join(tmpdir(), 'strata-test-'));

/** Runs one step; its output is the step's own. Resolves to its exit code. */
function step(title, command, args, options = {}) {
  console.log(`\n== ${title}`);
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    child.on('error', (error) => {
      console.error(`${command}: ${error.message}`);
      resolve(1);
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

const node = (...args) => [process.execPath, args];
const bin = (name) => join(root, 'node_modules', '.bin', name);

/** The runners of tests: what each is started with, and what its JSON report says. */
const runners = {
  unit: {
    start: (report) =>
      step('unit tests', bin('vitest'), [
        'run',
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${report}`,
      ]),
    counts({ testResults, numPassedTests, numFailedTests, numPendingTests, numTodoTests }) {
      const unread = testResults.filter((f) => f.status === 'failed' && f.assertionResults.length === 0);
      return {
        passed: numPassedTests,
        failed: numFailedTests + unread.length,
        skipped: numPendingTests + numTodoTests,
      };
    },
  },
  e2e: {
    start: (report) =>
      step('e2e tests', bin('playwright'), ['test', '--config', 'e2e'], {
        env: { ...process.env, PLAYWRIGHT_JSON_OUTPUT_FILE: report },
      }),
    // A file that could not be read, or a server that did not end, is an error of no test.
    counts: ({ stats, errors }) => ({
      passed: stats.expected,
      failed: stats.unexpected + stats.flaky + errors.length,
      skipped: stats.skipped,
    }),
  },
};

const reportOf = (name) => join(reports, `${name}.json`);

function counts([name, runner]) {
  try {
    return runner.counts(JSON.parse(readFileSync(reportOf(name), 'utf8')));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
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
must('lint', await step('lint', bin('biome'), ['check', '--error-on-warnings', '.']));
must('walls', await step('walls', ...node('--import', 'tsx', 'scripts/walls/main.ts')));
// --force: TypeScript 7.0 misses what a change of globals (`platform/*.d.ts`) breaks when it builds upon an earlier check.
must('types', await step('types', bin('tsc'), ['-b', '--force']));
await ensurePages();
for (const [name, runner] of Object.entries(runners))
  must(`${name} tests`, await runner.start(reportOf(name)));

const total = Object.entries(runners)
  .map(counts)
  .reduce((a, b) => ({
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  }));
rmSync(reports, { recursive: true, force: true });
console.log(
  `\n${failures.length ? `Failed: ${failures.join(', ')}` : 'All green'} in ${Math.round((Date.now() - began) / 1000)} s`,
);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = failures.length ? 1 : 0;
