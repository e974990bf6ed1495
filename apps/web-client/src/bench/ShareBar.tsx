import classes from './Bench.module.css';

/** A bar beside the number that it is of: nothing of its own is read out. */
export function ShareBar({ share, quiet = false }: { share: number; quiet?: boolean }) {
  return (
    <span className={classes.track} aria-hidden="true">
      <span
        className={classes.fill}
        data-quiet={quiet || undefined}
        style={{ width: `${100 * Math.min(1, Math.max(0, share))}%` }}
      />
    </span>
  );
}
