import { useMemo } from 'react';
import { Chart } from '../shared/chart/Chart.tsx';
import type { ChartOption } from '../shared/chart/echarts.ts';
import { usePalette } from '../shared/hooks/usePalette.ts';
import { Card } from './Card.tsx';
import classes from './LossCurve.module.css';

/** How wrong the model is on the own data, batch by batch. */
export function LossCurve({ curve }: { curve: readonly number[] }) {
  const palette = usePalette();
  const option = useMemo<ChartOption>(
    () => ({
      animation: false,
      grid: { left: 4, right: 4, top: 8, bottom: 4 },
      xAxis: { type: 'category', show: false, boundaryGap: false, data: curve.map((_, i) => i) },
      // Fitted to the line: what counts is whether it falls, and the numbers stand above it.
      yAxis: { type: 'value', show: false, min: ({ min, max }) => min - 0.2 * (max - min), max: 'dataMax' },
      series: [
        {
          type: 'line',
          data: [...curve],
          smooth: 0.25,
          showSymbol: false,
          silent: true,
          lineStyle: { width: 2, color: palette.primary },
          areaStyle: { color: palette.primary, opacity: 0.12 },
        },
      ],
    }),
    [curve, palette],
  );
  const [first, last] = [curve[0], curve.at(-1)];
  return (
    <Card
      title="How wrong the model is on your data"
      testId="loss"
      aside={
        first !== undefined &&
        last !== undefined && (
          <span className={classes.now}>
            <span className={classes.first}>{first.toFixed(2)} →</span> {last.toFixed(2)}
          </span>
        )
      }
    >
      {first === undefined || last === undefined ? (
        <p className={classes.empty}>The line begins with the first training. Lower is better.</p>
      ) : (
        <>
          <Chart
            option={option}
            height={96}
            label={`Training loss: ${first.toFixed(2)} at first, ${last.toFixed(2)} now`}
          />
          <p className={classes.empty}>Training loss, batch by batch. Lower is better.</p>
        </>
      )}
    </Card>
  );
}
