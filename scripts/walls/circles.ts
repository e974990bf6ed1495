import { byFile, type Import } from './imports.ts';

/**
 * Circles of imports among files, types included: of files that all reach each other, the shortest circle through
 * the first; in the order of files.
 */
export function findCircles(imports: readonly Import[]): Import[][] {
  // A worker is a program of its own: it may import the file that starts it.
  const edges = byFile(knots(imports.filter(({ kind }) => kind !== 'worker')));
  const circles: Import[][] = [];
  const told = new Set<string>();
  for (const start of [...edges.keys()].sort()) {
    if (told.has(start)) continue;
    const circle = shortestCircle(start, edges);
    if (!circle) continue;
    for (const { from } of circle) told.add(from);
    circles.push(circle);
  }
  return circles;
}

/** Without the imports of files that import nothing, over and over: what is left leads into circles. */
function knots(imports: readonly Import[]): readonly Import[] {
  const importing = new Set(imports.map((i) => i.from));
  const left = imports.filter(({ to }) => to.kind === 'file' && importing.has(to.path));
  return left.length === imports.length ? left : knots(left);
}

/** By breadth first from `start` back to it. */
function shortestCircle(start: string, edges: ReadonlyMap<string, readonly Import[]>): Import[] | null {
  const ways = new Map<string, Import[]>([[start, []]]);
  for (const [file, way] of ways) {
    for (const i of edges.get(file) ?? []) {
      if (i.to.kind !== 'file') continue;
      if (i.to.path === start) return [...way, i];
      if (!ways.has(i.to.path)) ways.set(i.to.path, [...way, i]);
    }
  }
  return null;
}
