import type { RoundSummary } from '@strata/fl-core/protocol';
import type { ChartOption } from '../../../shared/chart/echarts.ts';
import { axisStyle, legendStyle } from '../../../shared/chart/style.ts';
import type { Palette } from '../../../shared/palette.ts';
import { percent, score } from '../../../shared/texts/format.ts';
import { byRound, grid, line, roundAxis } from '../chart-parts.ts';
import { effectiveClients } from './rounds.ts';

type Rounds = readonly RoundSummary[];
type Line = ReturnType<typeof line>;

interface Axis {
  readonly format: (value: number) => string;
  readonly max?: number;
}

const dashed = (series: Line) => ({ ...series, lineStyle: { ...series.lineStyle, type: 'dashed' as const } });

/** What the charts below share: their lines on the left axis, and the held-out loss, dashed, on the right one. */
function besideLoss(rounds: Rounds, palette: Palette, { format, max }: Axis, lines: Line[]): ChartOption {
  const axis = axisStyle(palette);
  const loss = line(
    'Held-out loss',
    palette.quiet,
    rounds.map((r) => r.loss),
  );
  return {
    grid,
    legend: legendStyle(palette),
    tooltip: byRound(palette, score),
    xAxis: roundAxis(rounds, palette),
    yAxis: [
      {
        ...axis,
        type: 'value',
        min: 0,
        ...(max !== undefined && { max }),
        axisLabel: { ...axis.axisLabel, formatter: format },
      },
      { ...axis, type: 'value', scale: true, splitLine: { show: false } },
    ],
    series: [
      ...lines.map((series) => ({
        ...series,
        tooltip: { valueFormatter: (v: unknown) => (typeof v === 'number' ? format(v) : '–') },
      })),
      { ...dashed(loss), yAxisIndex: 1 },
    ],
  };
}

/** E1 and E2 (docs/design.md, 7). */
export function priceOption(rounds: Rounds, palette: Palette): ChartOption {
  return besideLoss(rounds, palette, { format: score }, [
    line(
      'E1',
      palette.accent,
      rounds.map((r) => r.e1),
    ),
    line(
      'E2',
      palette.primary,
      rounds.map((r) => r.e2),
    ),
  ]);
}

/** How alike the masks are, and the share of importance that lies in them. */
export function agreementOption(rounds: Rounds, palette: Palette): ChartOption {
  return besideLoss(rounds, palette, { format: (v) => percent(v, 0), max: 1 }, [
    line(
      'Agreement',
      palette.primary,
      rounds.map((r) => r.agreement),
    ),
    line(
      'Covered',
      palette.accent,
      rounds.map((r) => r.covered),
    ),
  ]);
}

/** Effective number of clients a trained layer: the mean, and the layer that fewest stand behind. */
export function clientsOption(rounds: Rounds, palette: Palette): ChartOption {
  const values = rounds.map(effectiveClients);
  return besideLoss(rounds, palette, { format: score }, [
    line(
      'Mean of layers',
      palette.primary,
      values.map((v) => v?.mean ?? null),
    ),
    line(
      'Fewest',
      palette.accent,
      values.map((v) => v?.fewest ?? null),
    ),
  ]);
}

/** P1's value and its upper bound: the masks are proved best where they meet. */
export function solverOption(rounds: Rounds, palette: Palette): ChartOption {
  const bound = line(
    'Best possible',
    palette.accent,
    rounds.map((r) => r.solved?.bound ?? null),
  );
  return besideLoss(rounds, palette, { format: score }, [
    { ...bound, symbolSize: 10, symbol: 'emptyCircle' },
    line(
      'Masks',
      palette.primary,
      rounds.map((r) => r.solved?.objective ?? null),
    ),
  ]);
}
