import type { Interval } from '../../statistics/interval.ts';
import type { Simulation } from '../config.ts';
import type { Line } from '../line.ts';
import type { References } from '../workbench.ts';
import { type Comparison, type Corner, comparisons, over, result } from './corners.ts';

/** The table of a simulation as Markdown: a row a place of the sweep, the references below. */
export function tableOf(
  simulation: Simulation,
  corners: readonly Corner[],
  references: readonly References[],
): string {
  const { axes, compare } = simulation;
  const timed = corners.some(({ lines }) => [...lines.values()].some((l) => l.reached !== undefined));
  const header = [
    ...axes,
    'seeds',
    'accuracy',
    'worst tenth',
    'bytes up',
    'bytes',
    'compute',
    'agreement',
    ...(timed ? ['to the target loss, s', 'MB until then'] : []),
    ...(compare ? ['to the best fixed', 'to full'] : []),
  ];
  const rows = corners.map((corner) => {
    const { fixed, full } = comparisons(simulation, corners, corner);
    const share = (of: Parameters<typeof over>[1]) => percent(over(corner, of)?.mean ?? null);
    return [
      ...axes.map((axis) => corner.at[axis] ?? ''),
      String(corner.lines.size),
      within(over(corner, result)),
      within(over(corner, (line) => line.worstTenth)),
      share((line) => line.up / line.upIfFull),
      share((line) => (line.up + line.down) / (line.upIfFull + line.downIfFull)),
      share((line) => (line.train + line.probe) / line.trainIfFull),
      over(corner, (line) => line.agreement)?.mean.toFixed(2) ?? '',
      ...(timed ? [untilTarget(corner, (r) => r.seconds), untilTarget(corner, (r) => r.bytes / 1e6)] : []),
      ...(compare ? [difference(fixed), difference(full)] : []),
    ];
  });
  const below = references.flatMap(({ model, linearProbe, central }) =>
    [['linear probe', linearProbe] as const, ['central', central] as const].flatMap(([name, reference]) =>
      reference === null
        ? []
        : [`${name} of ${model}: ${percent(reference.test?.accuracy ?? null)} (rate ${reference.rate})`],
    ),
  );
  return [
    row(header),
    row(header.map(() => '---')),
    ...rows.map(row),
    '',
    ...below.map((line) => `- ${line}`),
    '',
  ].join('\n');
}

/** Mean over the seeds; a seed that never came there stands beside it. */
function untilTarget({ lines }: Corner, of: (reached: NonNullable<Line['reached']>) => number): string {
  const all = [...lines.values()].map((line) => line.reached ?? null);
  const reached = all.filter((r) => r !== null);
  if (reached.length === 0) return 'not reached';
  const mean = reached.reduce((sum, r) => sum + of(r), 0) / reached.length;
  const missed = all.length - reached.length;
  return `${mean.toFixed(0)}${missed > 0 ? ` (${missed} not reached)` : ''}`;
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const percent = (value: number | null): string => (value === null ? '' : `${(100 * value).toFixed(1)} %`);

const within = (value: Interval | null): string => {
  if (value === null) return '';
  const half = value.margin === null ? '' : ` ± ${(100 * value.margin).toFixed(1)}`;
  return `${(100 * value.mean).toFixed(1)}${half}`;
};

function difference(comparison: Comparison | null): string {
  if (comparison === null) return '';
  const { mean } = comparison.difference;
  return `${mean >= 0 ? '+' : ''}${within(comparison.difference)} (${comparison.to})`;
}
