import type { ChartOption } from '../../../shared/chart/echarts.ts';
import { axisStyle, legendStyle, tooltipStyle } from '../../../shared/chart/style.ts';
import type { Palette } from '../../../shared/palette.ts';

/** Lines over the rounds of a run, before anything draws, tells or saves them. */
export interface RoundChart {
  /** Round numbers, ascending. */
  readonly rounds: readonly number[];
  readonly left: ChartAxis;
  readonly right?: ChartAxis;
  /** In the order of the legend; a later one is drawn over an earlier one. */
  readonly lines: readonly ChartLine[];
}

export interface ChartAxis {
  readonly name: string;
  /** For ticks, tooltips and words. */
  readonly format: (value: number) => string;
  /** Where it begins: at 0, or near the smallest value. */
  readonly from: 0 | 'values';
  readonly max?: number;
}

export interface ChartLine {
  readonly name: string;
  /** One a round; null where there is nothing. */
  readonly values: readonly (number | null)[];
  readonly color: 'primary' | 'accent' | 'quiet';
  readonly axis: 'left' | 'right';
  readonly look?: 'dashed' | 'dotted' | 'filled' | 'ringed';
}

/** What the lines and the ticks of an axis say of a value. */
export const axisOf = (chart: RoundChart, line: ChartLine): ChartAxis =>
  line.axis === 'right' && chart.right !== undefined ? chart.right : chart.left;

export function roundChartOption(chart: RoundChart, palette: Palette): ChartOption {
  const { rounds, left, right, lines } = chart;
  return {
    grid: {
      // More than two names take a second line on a phone.
      top: lines.length > 2 ? 52 : 34,
      left: 4,
      right: 4,
      bottom: 4,
      outerBoundsMode: 'same',
      outerBoundsContain: 'all',
    },
    legend: legendStyle(palette),
    tooltip: {
      ...tooltipStyle(palette),
      trigger: 'axis',
      axisPointer: { type: 'line', lineStyle: { color: palette.quiet } },
      formatter: (points) => tooltipText(chart, [points].flat()[0]?.dataIndex),
    },
    xAxis: {
      ...axisStyle(palette),
      ...nameInMiddle,
      type: 'category',
      name: 'round',
      boundaryGap: rounds.length < 2,
      data: rounds.map(String),
      splitLine: { show: false },
    },
    yAxis: [valueAxis(left, palette), ...(right ? [valueAxis(right, palette, true)] : [])],
    series: lines.map((line) => series(line, palette)),
  };
}

/** Between the ticks and the edge, where the legend is not. */
const nameInMiddle = { nameLocation: 'middle', nameGap: 6 } as const;

function valueAxis({ name, format, from, max }: ChartAxis, palette: Palette, second = false) {
  const axis = axisStyle(palette);
  return {
    ...axis,
    ...nameInMiddle,
    type: 'value' as const,
    name,
    ...(from === 0 ? { min: 0 } : { scale: true }),
    ...(max !== undefined && { max }),
    ...(second && { splitLine: { show: false } }),
    axisLabel: { ...axis.axisLabel, formatter: format },
  };
}

function series({ name, values, color, axis, look }: ChartLine, palette: Palette) {
  const ink = palette[color];
  const ringed = look === 'ringed';
  return {
    type: 'line' as const,
    name,
    data: [...values],
    yAxisIndex: axis === 'right' ? 1 : 0,
    showSymbol: values.length < 40,
    symbol: ringed ? 'emptyCircle' : 'circle',
    symbolSize: ringed ? 10 : 6,
    connectNulls: true,
    lineStyle: { width: 2, color: ink, ...((look === 'dashed' || look === 'dotted') && { type: look }) },
    itemStyle: { color: ink },
    ...(look === 'filled' && { areaStyle: { opacity: 0.14 } }),
    emphasis: { disabled: true },
  };
}

function tooltipText(chart: RoundChart, index: number | undefined): string {
  if (index === undefined) return '';
  const lines = chart.lines.map((line) => {
    const value = line.values[index] ?? null;
    return `${line.name}: ${value === null ? '–' : axisOf(chart, line).format(value)}`;
  });
  return [`Round ${chart.rounds[index]}`, ...lines].join('\n');
}

/** The chart for whoever does not see it: of each line where it began, where it is, and how far it went. */
export function roundChartText(title: string, chart: RoundChart): string {
  const lines = chart.lines.flatMap((line) => {
    const points = line.values.flatMap((value, i) =>
      value === null ? [] : [{ value, round: chart.rounds[i] ?? 0 }],
    );
    const [first, last] = [points[0], points.at(-1)];
    if (first === undefined || last === undefined) return [];
    const { format } = axisOf(chart, line);
    const now = `${format(last.value)} in round ${last.round}`;
    if (points.length === 1) return [`${line.name}: ${now}.`];
    const values = points.map(({ value }) => value);
    const range = `lowest ${format(Math.min(...values))}, highest ${format(Math.max(...values))}`;
    return [`${line.name}: from ${format(first.value)} in round ${first.round} to ${now}; ${range}.`];
  });
  return [`${title} by round.`, ...lines].join(' ');
}

/** The chart as a table: a row a round, every digit. */
export const roundChartRows = ({ rounds, lines }: RoundChart): (string | number | null)[][] => [
  ['round', ...lines.map(({ name }) => name)],
  ...rounds.map((round, i) => [round, ...lines.map(({ values }) => values[i] ?? null)]),
];
