import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { parseSync, Visitor } from 'vite';

export interface Import {
  /** The file that imports; from the root, with `/`. */
  readonly from: string;
  readonly line: number;
  /** As it is written. */
  readonly specifier: string;
  readonly to: Target;
  /** `type`: gone when the program runs; `later`: `import()`; `worker`: the file of a worker that is started. */
  readonly kind: 'value' | 'type' | 'later' | 'worker';
}

export type Target =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'package'; readonly name: string }
  /** A path of a package of this repository that its `exports` do not have. */
  | { readonly kind: 'not-exported'; readonly name: string };

export function byFile(imports: readonly Import[]): Map<string, Import[]> {
  const groups = new Map<string, Import[]>();
  for (const i of imports) groups.set(i.from, [...(groups.get(i.from) ?? []), i]);
  return groups;
}

const skipped = new Set(['node_modules', 'dist']);
const isSource = (name: string) => /\.(ts|tsx|mjs)$/.test(name) && !name.endsWith('.d.ts');

/** Sources below `folder`, from the root, sorted. */
export function sourcesBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => !skipped.has(entry.name) && !entry.name.startsWith('.'))
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) return sourcesBelow(root, path);
      return isSource(entry.name) ? [path] : [];
    })
    .sort();
}

/** What the packages of the repository export: the name to import by, and the file. */
export function exportsOf(root: string): Map<string, string> {
  const manifest = (folder: string): Manifest =>
    JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const folders = (manifest('.').workspaces ?? []).flatMap((pattern) => {
    const parent = pattern.replace(/\/\*$/, '');
    return parent === pattern
      ? [pattern]
      : readdirSync(join(root, parent)).map((name) => `${parent}/${name}`);
  });
  return new Map(
    folders.flatMap((folder) => {
      const { name, exports = {} } = manifest(folder);
      return Object.entries(exports).map(([path, file]) => [
        posix.join(name, path),
        posix.join(folder, file),
      ]);
    }),
  );
}

interface Manifest {
  readonly name: string;
  readonly exports?: Readonly<Record<string, string>>;
  readonly workspaces?: readonly string[];
}

/**
 * All imports of a file: of values and types, re-exports, `import()`, `import('x').T`, files of workers.
 * @param path from the root; its ending says the language.
 * @throws SyntaxError where it cannot be parsed, or imports what only a run could tell.
 */
export function importsOf(path: string, source: string, exported: ReadonlyMap<string, string>): Import[] {
  const { program, errors } = parseSync(path, source);
  const [error] = errors;
  if (error) throw new SyntaxError(`${path}: ${error.message}`);
  const imports: Import[] = [];
  const add = (at: number, specifier: string, kind: Import['kind']) => {
    const line = source.slice(0, at).split('\n').length;
    imports.push({ from: path, line, specifier, to: resolve(path, specifier, exported), kind });
  };
  new Visitor({
    ImportDeclaration: (node) => add(node.start, node.source.value, node.importKind ?? 'value'),
    ExportAllDeclaration: (node) => add(node.start, node.source.value, node.exportKind ?? 'value'),
    ExportNamedDeclaration: (node) => {
      if (node.source) add(node.start, node.source.value, node.exportKind ?? 'value');
    },
    TSImportType: (node) => add(node.start, node.source.value, 'type'),
    ImportExpression: ({ source: named, start }) => {
      if (named.type === 'Literal' && typeof named.value === 'string') add(start, named.value, 'later');
    },
    // new Worker(new URL('./worker.ts', import.meta.url))
    NewExpression: ({ callee, arguments: [first, second], start }) => {
      const isUrl =
        callee.type === 'Identifier' && callee.name === 'URL' && second?.type === 'MemberExpression';
      if (!isUrl || first?.type !== 'Literal' || typeof first.value !== 'string') return;
      if (isSource(first.value)) add(start, first.value.replace(/^(?!\.)/, './'), 'worker');
    },
  }).visit(program);
  return imports;
}

function resolve(from: string, specifier: string, exported: ReadonlyMap<string, string>): Target {
  const [plain = ''] = specifier.split('?');
  if (plain.startsWith('.')) return { kind: 'file', path: posix.join(dirname(from), plain) };
  const file = exported.get(plain);
  if (file !== undefined) return { kind: 'file', path: file };
  if (plain.startsWith('@strata/')) return { kind: 'not-exported', name: plain };
  if (plain.startsWith('node:')) return { kind: 'package', name: plain };
  const parts = plain.split('/');
  return { kind: 'package', name: parts.slice(0, plain.startsWith('@') ? 2 : 1).join('/') };
}
