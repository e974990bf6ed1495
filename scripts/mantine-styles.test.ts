import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { stylesByComponent } from './mantine-styles.ts';

type Transform = (code: string, id: string) => { code: string } | null;
const transform = stylesByComponent.transform as Transform;
const load = stylesByComponent.load as (id: string) => string | null;
const mantine = dirname(
  createRequire(import.meta.url).resolve('../apps/web-client/node_modules/@mantine/core/package.json'),
);

it('a component brings its own styles, and nothing else does', () => {
  const names = join(mantine, 'esm/components/Button/Button.module.mjs');
  expect(transform('export {};', names)?.code).toBe(
    `import "${join(mantine, 'styles/Button.layer.css')}";\nexport {};`,
  );
  expect(transform('', join(mantine, 'esm/components/Button/Button.mjs'))).toBeNull();
});

it('every module of class names of the package has its styles', () => {
  const all = readdirSync(join(mantine, 'esm'), { recursive: true, encoding: 'utf8' });
  const modules = all.filter((path) => path.endsWith('.module.mjs'));
  expect(modules.length).toBeGreaterThan(50);
  for (const path of modules) expect(transform('', join(mantine, 'esm', path))?.code).toContain('.layer.css');
});

it('one without styles stops the build, where it would be seen naked', () => {
  expect(() => transform('', join(mantine, 'esm/components/Nothing/Nothing.module.mjs'))).toThrow('Nothing');
});

it('the sheet of all is the base alone', () => {
  const sheet = load(join(mantine, 'styles.layer.css')) ?? '';
  expect(sheet.match(/@import "[^"]+"/g)).toHaveLength(3);
  expect(sheet).not.toContain('Button');
  expect(load(join(mantine, 'styles/Button.layer.css'))).toBeNull();
});
