import classes from './Sparkline.module.css';
import { sparklinePath } from './sparkline.ts';

const width = 96;
const height = 28;

/** A word-sized line of values in [0, 1]. */
export function Sparkline({ values, label }: { values: readonly number[]; label: string }) {
  if (values.length < 2) return null;
  return (
    <svg
      className={classes.spark}
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={label}
    >
      <path className={classes.area} d={`${sparklinePath(values, width, height)}V${height}H0Z`} />
      <path className={classes.line} d={sparklinePath(values, width, height)} />
    </svg>
  );
}
