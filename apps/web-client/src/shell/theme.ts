import {
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
} from '@mantine/core';
import { type Palette, palettes } from '../shared/palette.ts';

/** Teal of a seam of copper ore: actions, links, things that run. */
const tide: MantineColorsTuple = [
  '#eaf8f5',
  '#d2efe9',
  '#a4e0d4',
  '#72d1be',
  '#49c3ac',
  '#2eb59d',
  '#1d9c87',
  '#137868',
  '#0e6457',
  '#084c42',
];

/** Sandstone: attention, importance, what was chosen. */
const ochre: MantineColorsTuple = [
  '#fff6e4',
  '#fdebc8',
  '#f8d794',
  '#f2c25f',
  '#ebb039',
  '#e0a01f',
  '#c8870c',
  '#9a6605',
  '#7b5204',
  '#5c3d03',
];

const slate: MantineColorsTuple = [
  '#e3e9eb',
  '#bcc7cc',
  '#93a1a8',
  '#6a7981',
  '#3a484f',
  '#2b373d',
  '#202a30',
  '#171f24',
  '#10171b',
  '#0b1013',
];

const sans =
  '"Inter Variable", Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

export const theme = createTheme({
  colors: { tide, ochre, dark: slate },
  primaryColor: 'tide',
  primaryShade: { light: 7, dark: 5 },
  autoContrast: true,
  // Mantine takes the contrast to the light theme's shade, also where the dark one is shown.
  variantColorResolver: (input) => {
    const colors = defaultVariantColorsResolver(input);
    const primary = (input.color ?? 'tide') === 'tide' && input.variant === 'filled';
    return primary ? { ...colors, color: 'var(--mantine-primary-color-contrast)' } : colors;
  },
  // Where black and white are equally far from a colour: the text on it is then never under 4.5 : 1.
  luminanceThreshold: 0.179,
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily: sans,
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, monospace',
  headings: {
    fontFamily: sans,
    fontWeight: '650',
    sizes: {
      h1: { fontSize: '1.625rem', lineHeight: '1.25' },
      h2: { fontSize: '1.125rem', lineHeight: '1.35' },
      h3: { fontSize: '0.9375rem', lineHeight: '1.4' },
    },
  },
  // By name, without the components themselves: not every page has them.
  components: {
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray' } },
    // In a sentence its colour alone does not make a link.
    Anchor: { defaultProps: { underline: 'always' } },
    Modal: {
      defaultProps: {
        centered: true,
        overlayProps: { backgroundOpacity: 0.5, blur: 2 },
        closeButtonProps: { 'aria-label': 'Close' },
        // A dialog's heading is no banner of the page.
        attributes: { header: { role: 'presentation' } },
      },
    },
    Tooltip: {
      defaultProps: {
        withArrow: true,
        multiline: true,
        maw: 280,
        events: { hover: true, focus: true, touch: true },
      },
    },
  },
});

/** Surfaces and lines that Mantine has no name for; used by the CSS modules. */
const surfaces = ({ page, surface, sunken, line, muted }: Palette) => ({
  '--strata-page': page,
  '--strata-surface': surface,
  '--strata-sunken': sunken,
  '--strata-line': line,
  '--strata-muted': muted,
  '--mantine-color-body': surface,
  '--mantine-color-dimmed': muted,
});

/** `light` variants on a dark ground: Mantine's own are darker than the surface they lie on. */
const tints = (color: string, rgb: string) => ({
  [`--mantine-color-${color}-light`]: `rgba(${rgb}, 0.14)`,
  [`--mantine-color-${color}-light-hover`]: `rgba(${rgb}, 0.2)`,
  [`--mantine-color-${color}-light-color`]: `var(--mantine-color-${color}-3)`,
});

/** Red words; Mantine's own are too light to be read. */
const warnings = (color: string) => ({
  '--mantine-color-error': color,
  '--mantine-color-red-text': color,
});

export const resolver: CSSVariablesResolver = () => ({
  variables: { '--strata-content-width': '84rem' },
  light: {
    ...surfaces(palettes.light),
    '--mantine-color-default-border': '#cfd8db',
    '--mantine-color-gray-light': 'rgba(86, 99, 105, 0.13)',
    ...warnings('var(--mantine-color-red-9)'),
  },
  dark: {
    ...surfaces(palettes.dark),
    ...tints('tide', '46, 181, 157'),
    ...tints('ochre', '235, 176, 57'),
    ...tints('gray', '152, 166, 173'),
    ...warnings('var(--mantine-color-red-4)'),
    '--mantine-color-default': '#1b252a',
    '--mantine-color-default-hover': '#222d33',
    '--mantine-color-default-border': '#33414a',
  },
});
