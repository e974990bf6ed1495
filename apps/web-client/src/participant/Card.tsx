import type { ReactNode } from 'react';
import classes from './Card.module.css';

interface CardProps {
  readonly title: string;
  /** Right of the title. */
  readonly aside?: ReactNode;
  readonly children: ReactNode;
  readonly testId?: string;
}

/** One thing on the page, with its heading. */
export function Card({ title, aside, children, testId }: CardProps) {
  return (
    <section className={classes.card} aria-label={title} data-testid={testId}>
      <div className={classes.head}>
        <h2 className={classes.title}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}
