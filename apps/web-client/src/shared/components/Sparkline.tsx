import classes from './Sparkline.module.css';
import { sparklinePath } from './sparkline.ts';

/** Width and height of the picture, in its own units. */
const boxes = { word: [96, 28], column: [480, 96] } as const;

interface SparklineProps {
  /** In [0, 1], the oldest first. */
  readonly values: readonly number[];
  readonly label: string;
  /** As large as a word, or as wide as what it stands in. */
  readonly size?: keyof typeof boxes;
}

/** A line of values without axes. */
export function Sparkline({ values, label, size = 'word' }: SparklineProps) {
  if (values.length < 2) return null;
  const [width, height] = boxes[size];
  const path = sparklinePath(values, width, height);
  return (
    <svg
      className={classes.spark}
      viewBox={`0 0 ${width} ${height}`}
      width={size === 'column' ? '100%' : width}
      height={height}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <path className={classes.area} d={`${path}V${height}H0Z`} />
      <path className={classes.line} d={path} />
    </svg>
  );
}
