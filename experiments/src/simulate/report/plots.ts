import * as echarts from 'echarts';
import { intervalOf } from '../../statistics/interval.ts';
import type { Corner } from './corners.ts';

/** Accuracy by round, the mean of the seeds. */
export function curvesOf(corners: readonly Corner[]): string {
  const series = corners.map((corner) => {
    const byRound = new Map<number, number[]>();
    for (const { curve } of corner.lines.values()) {
      for (const [round, accuracy] of curve) byRound.set(round, [...(byRound.get(round) ?? []), accuracy]);
    }
    const data = [...byRound].map(([round, values]) => [round, 100 * (intervalOf(values)?.mean ?? 0)]);
    return { type: 'line' as const, name: corner.name, data, showSymbol: false };
  });
  return svg({
    xAxis: { type: 'value', name: 'round', nameLocation: 'middle', nameGap: 28, minInterval: 1 },
    yAxis: { type: 'value', name: 'accuracy, %', scale: true },
    legend: { type: 'plain', bottom: 0 },
    grid: { bottom: 90 },
    series,
  });
}

/** Accuracy at the end by what it took, in bytes or computation, each relative to training all layers. */
export function costsOf(
  corners: readonly Corner[],
  name: string,
  of: (line: Corner['lines'] extends ReadonlyMap<string, infer L> ? L : never) => number,
): string {
  const series = corners.map((corner) => ({
    type: 'scatter' as const,
    name: corner.name,
    data: [...corner.lines.values()].flatMap((line) =>
      line.test === null ? [] : [[100 * of(line), 100 * line.test]],
    ),
  }));
  return svg({
    xAxis: { type: 'value', name: `${name}, % of full`, nameLocation: 'middle', nameGap: 28 },
    yAxis: { type: 'value', name: 'accuracy, %', scale: true },
    legend: { type: 'plain', bottom: 0 },
    grid: { bottom: 90 },
    series,
  });
}

/** How often each layer was chosen. */
export function chosenOf(corners: readonly Corner[]): string {
  const layers = Math.max(...corners.flatMap(({ lines }) => [...lines.values()].map((l) => l.chosen.length)));
  const data = corners.flatMap(({ lines }, y) =>
    Array.from({ length: layers }, (_, x) => {
      const shares = [...lines.values()].map((line) => line.chosen[x] ?? 0);
      return [x, y, Math.round(100 * (intervalOf(shares)?.mean ?? 0))];
    }),
  );
  return svg({
    xAxis: { type: 'category', data: Array.from({ length: layers }, (_, i) => String(i)), name: 'block' },
    yAxis: { type: 'category', data: corners.map((c) => c.name), inverse: true },
    visualMap: { min: 0, max: 100, show: false, inRange: { color: ['#f2f5f9', '#0b4f9c'] } },
    grid: { left: 180 },
    series: [{ type: 'heatmap' as const, data, label: { show: true, formatter: '{@[2]}' } }],
  });
}

function svg(option: echarts.EChartsCoreOption): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 900, height: 520 });
  try {
    chart.setOption({ animation: false, backgroundColor: '#ffffff', ...option });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}
