import { axisStyle, tooltipStyle } from '../../shared/chart/style.ts';
import type { Palette } from '../../shared/palette.ts';

/** What the charts over rounds have in common. */
export const grid = {
  top: 36,
  left: 8,
  right: 8,
  bottom: 4,
  outerBoundsMode: 'same',
  outerBoundsContain: 'axisLabel',
} as const;

export const line = (name: string, color: string, data: (number | null)[]) => ({
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

export const roundAxis = (rounds: readonly { round: number }[], palette: Palette) =>
  ({
    ...axisStyle(palette),
    type: 'category',
    boundaryGap: rounds.length < 2,
    data: rounds.map((r) => String(r.round)),
    splitLine: { show: false },
  }) as const;

export const byRound = (palette: Palette, format: (value: number) => string) =>
  ({
    ...tooltipStyle(palette),
    trigger: 'axis',
    valueFormatter: (value: unknown) => (typeof value === 'number' ? format(value) : '–'),
    axisPointer: { type: 'line', lineStyle: { color: palette.quiet } },
  }) as const;
