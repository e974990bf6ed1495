import { Link } from 'wouter';
import classes from './Brand.module.css';

/** The mark: three seams, the middle one chosen. */
export function Brand({ href }: { href: string }) {
  return (
    <Link href={href} className={classes.brand} aria-label="Strata, home">
      <svg width="22" height="20" viewBox="0 0 22 20" aria-hidden="true">
        <rect x="0" y="0" width="15" height="5" rx="2.5" className={classes.seam} />
        <rect x="4" y="7.5" width="18" height="5" rx="2.5" className={classes.chosen} />
        <rect x="0" y="15" width="21" height="5" rx="2.5" className={classes.deep} />
      </svg>
      <span>Strata</span>
    </Link>
  );
}
