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

function vitest(project) {
  const file = join(reports, `${project}.json`);
  return step(`${project} tests`, bin('vitest'), [
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ]);
}

function counts(project) {
  try {
    const report = JSON.parse(readFileSync(join(reports, `${project}.json`), 'utf8'));
    const files = report.testResults.filter(
      (f) => f.status === 'failed' && f.assertionResults.length === 0,
    ).length;
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests + files,
      skipped: report.numPendingTests + report.numTodoTests,
    };
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
const projects = ['unit', 'e2e'];
for (const project of projects) must(`${project} tests`, await vitest(project));

const total = projects.map(counts).reduce((a, b) => ({
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
