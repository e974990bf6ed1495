import { IconDeviceDesktop, IconMoon, IconSun } from '@tabler/icons-react';

export const schemeChoices = [
  { scheme: 'light', label: 'Light', Icon: IconSun },
  { scheme: 'dark', label: 'Dark', Icon: IconMoon },
  { scheme: 'auto', label: 'As the system', Icon: IconDeviceDesktop },
] as const;

export const schemeChoice = (scheme: string) =>
  schemeChoices.find((choice) => choice.scheme === scheme) ?? schemeChoices[2];
