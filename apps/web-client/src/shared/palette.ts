/** Colours that CSS and canvas share: Mantine's variables get them from here, and so do the charts. */
export interface Palette {
  readonly page: string;
  readonly surface: string;
  readonly sunken: string;
  readonly line: string;
  readonly text: string;
  readonly muted: string;
  /** Series, told apart by lightness as well as by hue. */
  readonly primary: string;
  readonly accent: string;
  readonly quiet: string;
  /** Sequential, from nothing to much; monotone in lightness, so that it survives grey-scale printing. */
  readonly ramp: readonly string[];
}

export const palettes: Readonly<Record<'light' | 'dark', Palette>> = {
  light: {
    page: '#f4f6f6',
    surface: '#ffffff',
    sunken: '#eef1f2',
    line: '#dfe5e7',
    text: '#1b2429',
    muted: '#566369',
    primary: '#137868',
    accent: '#c8870c',
    quiet: '#9fb0b6',
    ramp: ['#f6f1e4', '#d5e6d6', '#97d0bf', '#46a998', '#15796a', '#0a4842'],
  },
  dark: {
    page: '#0d1316',
    surface: '#151d21',
    sunken: '#10171b',
    line: '#28343a',
    text: '#dbe3e6',
    muted: '#98a6ad',
    primary: '#2eb59d',
    accent: '#ebb039',
    quiet: '#64757d',
    ramp: ['#182328', '#1a3a3f', '#1b5b58', '#2a8a77', '#93b65b', '#f5cb6b'],
  },
};
