import type { Palette } from '../palette.ts';

/** Looks that every chart has in common. Tooltips are drawn on the canvas: the CSP forbids inline styles. */
export const tooltipStyle = (palette: Palette) =>
  ({
    renderMode: 'richText',
    confine: true,
    backgroundColor: palette.surface,
    borderColor: palette.line,
    borderWidth: 1,
    padding: 10,
    textStyle: { color: palette.text, fontSize: 12, lineHeight: 18 },
  }) as const;

export const axisStyle = (palette: Palette) =>
  ({
    axisLine: { lineStyle: { color: palette.line } },
    axisTick: { show: false },
    axisLabel: { color: palette.muted, fontSize: 11 },
    nameTextStyle: { color: palette.muted, fontSize: 11 },
    splitLine: { lineStyle: { color: palette.line, type: 'dashed' } },
  }) as const;

export const legendStyle = (palette: Palette) =>
  ({
    top: 0,
    left: 0,
    icon: 'roundRect',
    itemWidth: 10,
    itemHeight: 4,
    itemGap: 10,
    textStyle: { color: palette.muted, fontSize: 11 },
  }) as const;
