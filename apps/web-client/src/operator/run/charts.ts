import type { RoundSummary, TaskName } from '@strata/fl-core/protocol';
import type { ChartOption } from '../../shared/chart/echarts.ts';
import { axisStyle, legendStyle, tooltipStyle } from '../../shared/chart/style.ts';
import type { Palette } from '../../shared/palette.ts';
import { bytes, percent } from '../../shared/texts/format.ts';
import { metricTitle } from '../../shared/texts/metric-text.ts';
import { byRound, grid, line, roundAxis } from './chart-parts.ts';
import type { ImportanceCell, ImportanceMatrix, Measure } from './importance.ts';
import { traffic } from './traffic.ts';

/**
 * Loss on the left axis (held out, and training dashed), accuracy by the name that it has in the task on the right,
 * that of the median participant dotted.
 */
export function learningOption(
  rounds: readonly RoundSummary[],
  task: TaskName,
  palette: Palette,
): ChartOption {
  const axis = axisStyle(palette);
  const training = line(
    'Training loss',
    palette.quiet,
    rounds.map((r) => r.trainLoss),
  );
  const accuracy = line(
    metricTitle(task),
    palette.primary,
    rounds.map((r) => r.accuracy),
  );
  const middle = line(
    `${metricTitle(task)}, median`,
    palette.primary,
    rounds.map((r) => r.medianAccuracy),
  );
  return {
    grid,
    legend: legendStyle(palette),
    tooltip: byRound(palette, (v) => String(Number(v.toPrecision(4)))),
    xAxis: roundAxis(rounds, palette),
    yAxis: [
      { ...axis, type: 'value', scale: true },
      {
        ...axis,
        type: 'value',
        min: 0,
        max: 1,
        splitLine: { show: false },
        axisLabel: { ...axis.axisLabel, formatter: (v: number) => percent(v, 0) },
      },
    ],
    series: [
      line(
        'Held-out loss',
        palette.accent,
        rounds.map((r) => r.loss),
      ),
      { ...training, lineStyle: { ...training.lineStyle, type: 'dashed' } },
      { ...accuracy, yAxisIndex: 1 },
      { ...middle, yAxisIndex: 1, lineStyle: { ...middle.lineStyle, type: 'dotted' } },
    ],
  };
}

/** Cumulative bytes, beside what exchanging the whole model would have cost. */
export function trafficOption(rounds: readonly RoundSummary[], palette: Palette): ChartOption {
  const points = traffic(rounds);
  const axis = axisStyle(palette);
  return {
    grid,
    legend: legendStyle(palette),
    tooltip: byRound(palette, bytes),
    xAxis: roundAxis(points, palette),
    yAxis: { ...axis, type: 'value', axisLabel: { ...axis.axisLabel, formatter: bytes } },
    series: [
      {
        ...line(
          'Full-model exchange',
          palette.quiet,
          points.map((p) => p.full),
        ),
        areaStyle: { opacity: 0.08 },
      },
      {
        ...line(
          'Sent',
          palette.primary,
          points.map((p) => p.sent),
        ),
        areaStyle: { opacity: 0.18 },
      },
    ],
  };
}

/** The cells in the order in which they are drawn: the outline of the picked round must not be painted over. */
export function drawnCells(matrix: ImportanceMatrix, picked: number | null): ImportanceCell[] {
  const last = matrix.cells.filter((cell) => cell.round === picked);
  return [...matrix.cells.filter((cell) => cell.round !== picked), ...last];
}

const cellText: Readonly<Record<Measure, (value: number) => string>> = {
  share: (value) => `mean score ${value}`,
  value: (value) => `mean score ${value}`,
  trained: (value) => `trained by ${value}`,
  effective: (value) => `${Number(value.toPrecision(3))} effective participants`,
};

/** Rounds to the right, layers upwards in forward order; the picked round is outlined. */
export function importanceOption(
  matrix: ImportanceMatrix,
  measure: Measure,
  picked: number | null,
  palette: Palette,
): ChartOption {
  const axis = axisStyle(palette);
  const cells = drawnCells(matrix, picked);
  const column = new Map(matrix.rounds.map((round, i) => [round, i]));
  const row = new Map(matrix.layers.map((layer, i) => [layer, i]));
  return {
    grid: { ...grid, top: 6, bottom: 20 },
    tooltip: {
      ...tooltipStyle(palette),
      formatter: (params) => {
        const cell = Array.isArray(params) ? undefined : cells[params.dataIndex];
        if (cell === undefined) return '';
        return `${cell.layer}\nround ${cell.round}: ${cellText[measure](cell.value)}`;
      },
    },
    visualMap: { show: false, min: 0, max: 1, dimension: 2, inRange: { color: [...palette.ramp] } },
    xAxis: {
      ...axis,
      type: 'category',
      name: 'round',
      nameLocation: 'middle',
      nameGap: 24,
      data: matrix.rounds.map(String),
      splitLine: { show: false },
    },
    yAxis: {
      ...axis,
      type: 'category',
      data: [...matrix.layers],
      splitLine: { show: false },
      axisLabel: { ...axis.axisLabel, width: 150, overflow: 'truncate' },
    },
    series: [
      {
        type: 'heatmap',
        data: cells.map((cell) => ({
          value: [column.get(cell.round) ?? 0, row.get(cell.layer) ?? 0, cell.shade, cell.value],
          itemStyle:
            cell.round === picked
              ? { borderColor: palette.accent, borderWidth: 2 }
              : { borderColor: palette.surface, borderWidth: 2 },
        })),
        itemStyle: { borderRadius: 3 },
        emphasis: { itemStyle: { borderColor: palette.text } },
      },
    ],
  };
}
