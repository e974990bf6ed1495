import { Group } from '@mantine/core';
import type { ReactNode } from 'react';
import { Brand } from './Brand.tsx';
import { ColorSchemeToggle } from './ColorSchemeToggle.tsx';
import classes from './PageFrame.module.css';

interface PageFrameProps {
  readonly children: ReactNode;
  /** Where the mark leads: the start page for participants, the runs for operators. */
  readonly home?: string;
  /** Next to the mark: where one is. */
  readonly trail?: ReactNode;
  /** Right end of the bar. */
  readonly actions?: ReactNode;
  readonly narrow?: boolean;
}

/** The frame that every page of both audiences shares: a skip link, one bar, one column. */
export function PageFrame({ children, home = '/', trail, actions, narrow = false }: PageFrameProps) {
  return (
    <>
      <a className={classes.skip} href="#content">
        Skip to content
      </a>
      <header className={classes.bar}>
        <div className={classes.inner}>
          <Brand href={home} />
          <div className={classes.trail}>{trail}</div>
          <Group gap="xs" wrap="nowrap">
            {actions}
            <ColorSchemeToggle />
          </Group>
        </div>
      </header>
      <main id="content" className={classes.main} data-narrow={narrow || undefined} tabIndex={-1}>
        {children}
      </main>
    </>
  );
}
