import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from './prepare.mjs';

/** Nobody's own: installed, built or left by tests. */
const passedOver = new Set(['node_modules', 'dist', 'test-results']);

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !passedOver.has(name) && !name.startsWith('.'))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : [];
    });
}

/** What a guide names in the code, by its end or from the root; what stands for any name (`NAME`) is left out. */
function namedIn(text: string): string[] {
  const found = text.matchAll(/`([\w@./-]+\.(?:ts|tsx|mjs|py|sql|yaml|css))`/g);
  return [...new Set(Array.from(found, ([, path]) => path!))].filter((path) => !path.includes('NAME'));
}

const files = ['apps', 'bench', 'deploy', 'e2e', 'examples', 'experiments', 'models', 'packages', 'samples']
  .concat('scripts')
  .flatMap(filesBelow)
  .map((path) => `/${path}`);

it.each(['CONTRIBUTING.md', 'docs/debugging.md', 'docs/design.md'])(
  '%s names files that are there',
  (page) => {
    const named = namedIn(readFileSync(join(root, page), 'utf8'));
    expect(named.length).toBeGreaterThan(10);
    // Where an update is followed, `server` is short for a folder.
    const whole = named.map((path) => `/${path.replace(/^server\//, 'apps/server/src/')}`);
    expect(whole.filter((path) => !files.some((file) => file.endsWith(path)))).toEqual([]);
  },
);
