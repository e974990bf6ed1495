import type { RoundSummary } from '@strata/fl-core/protocol';
import type { ChartOption } from '../../app/chart/echarts.ts';
import { axisStyle, legendStyle, tooltipStyle } from '../../app/chart/style.ts';
import { bytes, percent, score } from '../../app/format.ts';
import type { Palette } from '../../app/palette.ts';
import type { ImportanceCell, ImportanceMatrix, Measure } from './importance.ts';
import { traffic } from './traffic.ts';

const grid = {
  top: 36,
  left: 8,
  right: 8,
  bottom: 4,
  outerBoundsMode: 'same',
  outerBoundsContain: 'axisLabel',
} as const;

const line = (name: string, color: string, data: (number | null)[]) => ({
  type: 'line' as const,
  name,
  data,
  showSymbol: data.length < 40,
  symbol: 'circle',
  symbolSize: 6,
  connectNulls: true,
  lineStyle: { width: 2, color },
  itemStyle: { color },
  emphasis: { disabled: true },
});

const roundAxis = (rounds: readonly { round: number }[], palette: Palette) =>
  ({
    ...axisStyle(palette),
    type: 'category',
    boundaryGap: rounds.length < 2,
    data: rounds.map((r) => String(r.round)),
    splitLine: { show: false },
  }) as const;

const byRound = (palette: Palette, format: (value: number) => string) =>
  ({
    ...tooltipStyle(palette),
    trigger: 'axis',
    valueFormatter: (value: unknown) => (typeof value === 'number' ? format(value) : '–'),
    axisPointer: { type: 'line', lineStyle: { color: palette.quiet } },
  }) as const;

/** Loss on the left axis (held out, and training dashed), accuracy on the right. */
export function learningOption(rounds: readonly RoundSummary[], palette: Palette): ChartOption {
  const axis = axisStyle(palette);
  const training = line(
    'Training loss',
    palette.quiet,
    rounds.map((r) => r.trainLoss),
  );
  const accuracy = line(
    'Accuracy',
    palette.primary,
    rounds.map((r) => r.accuracy),
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

/** E1 and E2 (docs/design.md, 7) on the left axis, the held-out loss on the right. */
export function diagnosticsOption(rounds: readonly RoundSummary[], palette: Palette): ChartOption {
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
      { ...axis, type: 'value', axisLabel: { ...axis.axisLabel, formatter: score } },
      { ...axis, type: 'value', scale: true, splitLine: { show: false } },
    ],
    series: [
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
      { ...loss, yAxisIndex: 1, lineStyle: { ...loss.lineStyle, type: 'dashed' } },
    ],
  };
}

/** The cells in the order in which they are drawn: the outline of the picked round must not be painted over. */
export function drawnCells(matrix: ImportanceMatrix, picked: number | null): ImportanceCell[] {
  const last = matrix.cells.filter((cell) => cell.round === picked);
  return [...matrix.cells.filter((cell) => cell.round !== picked), ...last];
}

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
        const value = measure === 'trained' ? `trained by ${cell.value}` : `mean score ${cell.value}`;
        return `${cell.layer}\nround ${cell.round}: ${value}`;
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
