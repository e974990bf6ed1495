import type { ChartOption } from '../../../shared/chart/echarts.ts';
import { axisStyle, tooltipStyle } from '../../../shared/chart/style.ts';
import type { Palette } from '../../../shared/palette.ts';
import type { ImportanceCell, ImportanceMatrix } from './importance.ts';

/** The cells in the order in which they are drawn: the outline of the picked round must not be painted over. */
export function drawnCells(matrix: ImportanceMatrix, picked: number | null): ImportanceCell[] {
  const last = matrix.cells.filter((cell) => cell.round === picked);
  return [...matrix.cells.filter((cell) => cell.round !== picked), ...last];
}

/** Rounds to the right, layers upwards in forward order; the picked round is outlined. */
export function importanceOption(
  matrix: ImportanceMatrix,
  picked: number | null,
  palette: Palette,
): ChartOption {
  const axis = axisStyle(palette);
  const cells = drawnCells(matrix, picked);
  const column = new Map(matrix.rounds.map((round, i) => [round, i]));
  const row = new Map(matrix.layers.map((layer, i) => [layer, i]));
  return {
    grid: {
      top: 6,
      left: 4,
      right: 8,
      bottom: 4,
      outerBoundsMode: 'same',
      outerBoundsContain: 'all',
    },
    tooltip: {
      ...tooltipStyle(palette),
      formatter: (params) => {
        const cell = Array.isArray(params) ? undefined : cells[params.dataIndex];
        if (cell === undefined) return '';
        return `${cell.layer}, round ${cell.round}\n${cell.text}`;
      },
    },
    visualMap: { show: false, min: 0, max: 1, dimension: 2, inRange: { color: [...palette.ramp] } },
    xAxis: {
      ...axis,
      type: 'category',
      name: 'round',
      nameLocation: 'middle',
      nameGap: 6,
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

/** The map as a table: a row a round, a column a layer, every digit. */
export function heatmapRows({ rounds, layers, cells }: ImportanceMatrix): (string | number | null)[][] {
  const values = new Map(cells.map((cell) => [`${cell.round}/${cell.layer}`, cell.value]));
  return [
    ['round', ...layers],
    ...rounds.map((round) => [round, ...layers.map((layer) => values.get(`${round}/${layer}`) ?? null)]),
  ];
}
