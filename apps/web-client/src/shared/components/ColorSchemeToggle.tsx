import { ActionIcon, useMantineColorScheme } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { schemeChoice } from './color-schemes.ts';

const ColorSchemeMenu = lazy(() => import('./ColorSchemeMenu.tsx'));

/** The menu comes when it is asked for: it is most of what a page would wait for otherwise. */
export function ColorSchemeToggle() {
  const [asked, setAsked] = useState(false);
  const { colorScheme } = useMantineColorScheme();
  const { Icon } = schemeChoice(colorScheme);
  const button = (
    <ActionIcon size="lg" aria-label="Colours" aria-haspopup="menu" onClick={() => setAsked(true)}>
      <Icon size={18} stroke={1.75} />
    </ActionIcon>
  );
  return asked ? (
    <Suspense fallback={button}>
      <ColorSchemeMenu />
    </Suspense>
  ) : (
    button
  );
}
