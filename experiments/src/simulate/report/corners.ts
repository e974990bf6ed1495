import { type Interval, intervalOf, pairedInterval } from '../../statistics/interval.ts';
import type { Simulation } from '../config.ts';
import type { Line } from '../line.ts';
import type { CellResult } from '../results.ts';

/** All seeds of one place in the sweep. */
export interface Corner {
  readonly at: Readonly<Record<string, string>>;
  readonly name: string;
  /** By seed. */
  readonly lines: ReadonlyMap<string, Line>;
}

export interface Comparison {
  readonly to: string;
  readonly difference: Interval;
}

export function cornersOf({ axes }: Simulation, done: readonly CellResult[]): Corner[] {
  const corners = new Map<string, { at: Record<string, string>; lines: Map<string, Line> }>();
  for (const { at, line } of done) {
    const { seed = '', ...place } = at;
    const name = axes.map((axis) => at[axis]).join(', ');
    const corner = corners.get(name) ?? { at: place, lines: new Map() };
    corner.lines.set(seed, line);
    corners.set(name, corner);
  }
  return [...corners].map(([name, corner]) => ({ name, ...corner }));
}

/** Mean over the seeds that have the number; null where none has. */
export function over(corner: Corner, of: (line: Line) => number | null): Interval | null {
  return intervalOf([...bySeed(corner, of).values()]);
}

/**
 * A corner against the best fixed choice, all else alike: the best on validation, so that the test samples decide
 * nothing; and against training all layers.
 */
export function comparisons({ compare }: Simulation, corners: readonly Corner[], corner: Corner) {
  if (compare === undefined) return { fixed: null, full: null };
  const { axis, fixed, full } = compare;
  const alike = corners.filter((other) =>
    Object.entries(corner.at).every(([a, label]) => a === axis || other.at[a] === label),
  );
  const best = alike
    .filter((other) => fixed.includes(other.at[axis] ?? ''))
    .map((other) => ({
      other,
      validation: over(other, (line) => line.validation ?? line.clients)?.mean ?? 0,
    }))
    .reduce<{ other: Corner; validation: number } | null>(
      (a, b) => (a === null || b.validation > a.validation ? b : a),
      null,
    );
  const all = alike.find((other) => other.at[axis] === full);
  return { fixed: against(corner, best?.other), full: against(corner, all) };
}

function against(corner: Corner, other: Corner | undefined): Comparison | null {
  if (other === undefined || other === corner) return null;
  const difference = pairedInterval(bySeed(corner, result), bySeed(other, result));
  return difference && { to: other.name, difference };
}

/** The accuracy that a cell stands for: on the test samples, or on what clients hold out where there are none. */
export const result = (line: Line): number | null => line.test ?? line.clients;

function bySeed({ lines }: Corner, of: (line: Line) => number | null): ReadonlyMap<string, number> {
  return new Map(
    [...lines].flatMap(([seed, line]) => {
      const value = of(line);
      return value === null ? [] : [[seed, value] as const];
    }),
  );
}
