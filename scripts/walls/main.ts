// Checks the imports of the repository against scripts/walls/table.ts: npm run walls
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../prepare.mjs';
import { check } from './check.ts';
import { exportsOf, importsOf, sourcesBelow } from './imports.ts';
import { checkedFolders, exceptions, isProduct, isTest, neverLoaded, places, tests } from './table.ts';

const exported = exportsOf(root);
const files = checkedFolders.flatMap((folder) => sourcesBelow(root, folder));
const imports = files.flatMap((path) => importsOf(path, readFileSync(join(root, path), 'utf8'), exported));
const problems = check(imports, { places, tests, isTest, isProduct, neverLoaded, exceptions });
for (const problem of problems) console.error(`${problem}\n`);
console.log(
  `${files.length} files, ${imports.length} imports: ${problems.length || 'no'} problems (scripts/walls/table.ts).`,
);
process.exitCode = problems.length > 0 ? 1 : 0;
