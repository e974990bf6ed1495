import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Published weights and data sets that the project may not commit, one folder each (CONTRIBUTING.md, "Data"). */
const folder = process.env.STRATA_TEST_DATA ?? '';

export interface TestData {
  readonly path: (file: string) => string;
  /** Why a test that needs it cannot run, for its name; empty when it can. */
  readonly lacking: string;
}

/** One folder below STRATA_TEST_DATA. */
export function testData(name: string): TestData {
  const path = (file: string) => join(folder, name, file);
  if (folder === '') return { path, lacking: ` (skipped: STRATA_TEST_DATA is not set; needs its ${name})` };
  return { path, lacking: existsSync(path('')) ? '' : ` (skipped: ${path('')} is missing)` };
}
