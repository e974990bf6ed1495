import Papa from 'papaparse';
import type { Simulation } from '../config.ts';
import type { CellResult, Results } from '../results.ts';
import type { References } from '../workbench.ts';
import { comparisons, cornersOf, over, result } from './corners.ts';
import { chosenOf, costsOf, curvesOf } from './plots.ts';
import { tableOf } from './table.ts';

/** Writes table, CSV and pictures of what is done; what the program answers. */
export async function reportOf(
  simulation: Simulation,
  done: readonly CellResult[],
  references: readonly References[],
  results: Results,
): Promise<Readonly<Record<string, unknown>>> {
  const corners = cornersOf(simulation, done);
  const table = tableOf(simulation, corners, references);
  const csv = done.map(({ at, line: { curve, chosen, ...line } }) => ({
    ...at,
    ...line,
    curve: curve.map((point) => point.join(':')).join(' '),
    chosen: chosen.map((share) => share.toFixed(3)).join(' '),
  }));
  const files = {
    'table.md': table,
    'results.csv': Papa.unparse(csv),
    'accuracy-by-round.svg': curvesOf(corners),
    'accuracy-by-bytes.svg': costsOf(corners, 'bytes up', (line) => line.up / line.upIfFull),
    'accuracy-by-compute.svg': costsOf(
      corners,
      'computation',
      (line) => (line.train + line.probe) / line.trainIfFull,
    ),
    'chosen.svg': chosenOf(corners),
  };
  for (const [name, text] of Object.entries(files)) await results.write(name, text);
  return {
    corners: corners.map((corner) => ({
      at: corner.at,
      seeds: corner.lines.size,
      accuracy: over(corner, result),
      ...comparisons(simulation, corners, corner),
    })),
    references,
    files: Object.keys(files),
    table,
  };
}
