import { findCircles } from './circles.ts';
import { byFile, type Import } from './imports.ts';
import type { Place } from './table.ts';

export interface Rules {
  readonly places: readonly Place[];
  readonly tests: readonly Place[];
  readonly isTest: (path: string) => boolean;
  /** Whether the file is part of the product, which loads no test. */
  readonly isProduct: (path: string) => boolean;
  readonly neverLoaded: readonly { from: string; packages: string; why: string }[];
  readonly exceptions: readonly { from: string; to: string; why: string }[];
}

/** What breaks the rules, each as a text for a person: the import, the rule, the remedy. */
export function check(imports: readonly Import[], rules: Rules): string[] {
  const excepted = (i: Import) => rules.exceptions.some((e) => e.from === i.from && e.to === nameOf(i));
  const stale = rules.exceptions.filter((e) => !imports.some((i) => i.from === e.from && nameOf(i) === e.to));
  const checked = imports.filter((i) => !excepted(i));
  return [
    ...orderOf(rules.places),
    ...unplaced(imports, rules),
    ...checked.flatMap((i) => forbidden(i, rules)),
    ...findCircles(checked).map(circleText),
    ...rules.neverLoaded.flatMap((rule) => loaded(checked, rule, rules.isTest)),
    ...stale.map((e) => `The exception ${e.from} -> ${e.to} is needed no more.\n  Remedy: delete it.`),
  ];
}

const nameOf = ({ to }: Import): string => (to.kind === 'file' ? to.path : to.name);

/** A place that may import one further down breaks the order that keeps places from importing each other. */
function orderOf(places: readonly Place[]): string[] {
  return places.flatMap(({ path, may }, at) =>
    places
      .slice(at + 1)
      .filter((later) => may.some((name) => isUnder(name, later.path) || isUnder(later.path, name)))
      .map(
        (later) =>
          `${path} may import ${later.path}, which stands further down.\n  Remedy: reorder the table.`,
      ),
  );
}

function unplaced(imports: readonly Import[], rules: Rules): string[] {
  const files = [...new Set(imports.map((i) => i.from))].filter((file) => rulesFor(file, rules).length === 0);
  return files.map(
    (file) => `No place of the table holds ${file}.\n  Remedy: give its folder a line in the table.`,
  );
}

/** The lines that hold for a file, the outermost place first. */
function rulesFor(file: string, { places, tests, isTest }: Rules): Place[] {
  const forTests = isTest(file) ? around(file, tests) : [];
  return forTests.length > 0 ? forTests : around(file, places);
}

function forbidden(i: Import, all: Rules): string[] {
  const { isTest, isProduct } = all;
  const rules = rulesFor(i.from, all);
  const rule = rules.at(-1);
  if (!rule) return [];
  if (i.to.kind === 'not-exported') {
    return [text(i, 'packages are imported by their `exports`', 'Add it to `exports` of its package.json.')];
  }
  if (i.to.kind === 'package') {
    const { name } = i.to;
    if (rules.some(({ packages }) => packages.some((pattern) => matches(name, pattern)))) return [];
    return [text(i, `${rule.path} may import ${listed(rules.flatMap((r) => r.packages))}: ${rule.why}`)];
  }
  const { path } = i.to;
  if (isProduct(i.from) && !isTest(i.from) && isTest(path)) {
    return [text(i, 'the product loads nothing that is there for tests', 'Move what both need out of it.')];
  }
  const allowed = rules.flatMap((r) => [r.path, ...r.may]);
  if (allowed.some((name) => isUnder(path, name))) return [];
  return [text(i, `${rule.path} may import ${listed(rules.flatMap((r) => r.may))}: ${rule.why}`)];
}

/** Chains of imports by which a package is loaded that never should be; one for each file that imports it. */
function loaded(
  imports: readonly Import[],
  { from, packages, why }: Rules['neverLoaded'][number],
  isTest: Rules['isTest'],
): string[] {
  const edges = byFile(imports.filter((i) => i.kind === 'value' && !isTest(i.from)));
  const chains = new Map([...edges.keys()].filter((f) => isUnder(f, from)).map((file) => [file, [file]]));
  const found: string[] = [];
  for (const [file, chain] of chains) {
    for (const i of edges.get(file) ?? []) {
      const name = nameOf(i);
      if (i.to.kind === 'file' && !chains.has(name)) chains.set(name, [...chain, name]);
      if (i.to.kind === 'package' && matches(name, packages)) {
        found.push(
          text(
            i,
            `${why}\n  Loaded by: ${chain.join('\n    -> ')}`,
            'Import what needs it later, by `import()`.',
          ),
        );
      }
    }
  }
  return found;
}

function text(i: Import, rule: string, remedy?: string): string {
  const usual =
    'Move what is needed to where both may import it, or hand it in from outside; or change the rule, with its reason.';
  return `${i.from}:${i.line} imports '${i.specifier}'.\n  Rule: ${rule}.\n  Remedy: ${remedy ?? usual}`;
}

function circleText(circle: readonly Import[]): string {
  const steps = circle.map((i) => `${i.from}:${i.line} imports '${i.specifier}'`);
  return `${steps.join(',\n  ')}: a circle.\n  Remedy: move what both need to a file of its own.`;
}

/** Places that hold the file, the outermost first. */
const around = (file: string, places: readonly Place[]): Place[] =>
  places.filter((p) => isUnder(file, p.path)).sort((a, b) => a.path.length - b.path.length);

const isUnder = (path: string, place: string): boolean => path === place || path.startsWith(`${place}/`);

const matches = (name: string, pattern: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

const listed = (names: readonly string[]): string =>
  names.length > 0 ? names.join(', ') : 'nothing of the kind';
