// Vitest's account of a run as `npm test` reads it. Its own JSON report leaves out errors outside of tests.
import { writeFileSync } from 'node:fs';
import { vitestAccount } from './failures.mjs';

export default class {
  onTestRunEnd(modules, unhandled) {
    const { STRATA_TEST_ACCOUNT: path, STRATA_TEST_WITHOUT: without } = process.env;
    if (path) writeFileSync(path, JSON.stringify(vitestAccount(modules, unhandled, without)));
  }
}
