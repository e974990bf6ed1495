// What failed, in a few lines a test: the end of the output of `npm test`, which is all that some see of it.
import { relative } from 'node:path';
import { root } from '../prepare.mjs';

/** Lines of an error that are shown, and characters of each. */
const most = { lines: 6, width: 220 };

/** A run in which more files fail than this is broken, not unlucky. */
const mostRepeated = 6;

/**
 * @typedef {{ name: string, error: string, file?: string }} Failure a test, or what failed outside of any; where its
 *   file is known, as the runner takes it.
 * @typedef {{ passed: number, failed: number, skipped: number, failures: Failure[] }} Account of a runner.
 */

/**
 * Files of which chance may have decided (processes, browsers and clocks on two busy cores), so that running them once
 * more by themselves says something. None where a failure has no file, where a property has a counterexample (other
 * seeds would hide it), or where many files fail.
 * @param {readonly Failure[]} failures
 * @returns {string[]}
 */
export function filesToRepeat(failures) {
  const files = [...new Set(failures.map(({ file }) => file ?? ''))];
  const certain = failures.some(({ error }) => error.includes('Property failed after'));
  return certain || files.includes('') || files.length > mostRepeated ? [] : files;
}

/**
 * A run and its failed files run again: what passed then is no failure; `chance` says what it was.
 * @param {Account} first
 * @param {Account} again of `filesToRepeat(first.failures)`.
 * @returns {Account & { chance: Failure[] }}
 */
export function afterRepeat(first, again) {
  const failing = new Set(again.failures.map(({ file }) => file));
  // Without a file anything may have failed.
  const chance = failing.has(undefined) ? [] : first.failures.filter(({ file }) => !failing.has(file));
  const failures = first.failures.filter((failure) => !chance.includes(failure));
  return {
    passed: first.passed + chance.length,
    failed: failures.length,
    skipped: first.skipped,
    failures,
    chance,
  };
}

/**
 * The name of each failure and the first lines of its error.
 * @param {readonly Failure[]} failures
 * @returns {string[]}
 */
export function failureLines(failures) {
  return failures.flatMap(({ name, error }) => [
    `x ${name}`,
    ...firstLines(error).map((line) => `    ${line}`),
  ]);
}

function firstLines(error) {
  const lines = plain(error)
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line.trim() !== '');
  // Where it was thrown is of use, the runner's own frames are not.
  const isFrame = (line) => /^\s+at /.test(line);
  const kept = lines.filter((line) => !isFrame(line)).slice(0, most.lines);
  const frame = lines.find((line) => isFrame(line) && !line.includes('node_modules'));
  return [...kept, ...(frame ? [frame] : [])].map((line) =>
    line.length > most.width ? `${line.slice(0, most.width)}...` : line,
  );
}

/** Without the colours of a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
const plain = (text) => text.replace(/\u001b\[[\d;]*m/g, '');

/**
 * @param {string} [without] tag of the tests that were left out on purpose: they count as nothing.
 * @returns {Account} of vitest's `onTestRunEnd`.
 */
export function vitestAccount(modules, unhandled, without) {
  const account = { passed: 0, failed: 0, skipped: 0, failures: [] };
  const fail = (name, errors, file) => {
    account.failed += 1;
    account.failures.push({ name, error: errors.map(errorText).join('\n'), ...(file && { file }) });
  };
  for (const module of modules) {
    const file = relative(root, module.moduleId);
    // A file that could not be read, a hook that threw: errors of no test.
    if (module.errors().length > 0) fail(file, module.errors(), file);
    for (const suite of module.children.allSuites())
      if (suite.errors().length > 0) fail(`${file} > ${suite.fullName}`, suite.errors(), file);
    for (const test of module.children.allTests()) {
      const { state, errors = [] } = test.result();
      if (state === 'passed') account.passed += 1;
      else if (state === 'failed') fail(`${file} > ${test.fullName}`, errors, file);
      else if (without === undefined || !test.tags.includes(without)) account.skipped += 1;
    }
  }
  for (const error of unhandled) {
    const during = error.VITEST_TEST_PATH && relative(root, error.VITEST_TEST_PATH);
    fail(during ? `outside of a test, during ${during}` : 'outside of a test', [error], during);
  }
  return account;
}

/** Of vitest's errors, which have crossed processes: the message alone, a difference where there is one, the stack. */
function errorText({ name = 'Error', message = '', diff = '', stack = '' }) {
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return [`${name}: ${message}`, diff, ...frames].join('\n');
}

/** @returns {Account} of Playwright's JSON report. */
export function playwrightAccount({ suites, errors, stats }) {
  const failures = suites
    .flatMap((suite) => failedSpecs(suite, []))
    .concat(
      errors.map((error) => ({ name: 'outside of a test', error: error.message ?? error.value ?? '' })),
    );
  // Without Playwright's own retries nothing is flaky.
  return { passed: stats.expected, failed: failures.length, skipped: stats.skipped, failures };
}

function failedSpecs({ title, suites = [], specs = [] }, above) {
  const path = [...above, title];
  return [
    ...specs
      .filter((spec) => !spec.ok)
      .map((spec) => ({
        name: [...path, spec.title].filter((part) => part !== '').join(' > '),
        file: spec.file,
        error: spec.tests
          .flatMap(({ results }) => results.flatMap((r) => r.errors ?? []))
          .map((e) => e.stack ?? e.message ?? '')
          .join('\n'),
      })),
    ...suites.flatMap((suite) => failedSpecs(suite, path)),
  ];
}
