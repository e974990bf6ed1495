import { useComputedColorScheme } from '@mantine/core';
import { type Palette, palettes } from '../palette.ts';

/** The colours of the scheme in use, for what CSS variables cannot reach: a canvas. */
export const usePalette = (): Palette => palettes[useComputedColorScheme('light')];
