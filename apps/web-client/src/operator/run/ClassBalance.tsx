import { Tooltip } from '@mantine/core';
import { count } from '../../shared/texts/format.ts';
import classes from './ClassBalance.module.css';

/** One bar a label, as tall as the client has samples of it: skew is seen at a glance. */
export function ClassBalance({ counts, labels }: { counts: readonly number[]; labels: readonly string[] }) {
  const most = Math.max(1, ...counts);
  const text = counts
    .map((n, i) => ({ label: labels[i] ?? `class ${i + 1}`, n }))
    .filter(({ n }) => n > 0)
    .sort((a, b) => b.n - a.n)
    .map(({ label, n }) => `${label} ${count(n)}`);
  const summary =
    text.length > 8 ? [...text.slice(0, 8), `${text.length - 8} more`].join(', ') : text.join(', ');
  return (
    <Tooltip label={summary || 'no samples'}>
      <svg
        className={classes.bars}
        viewBox={`0 0 ${Math.max(1, counts.length)} 1`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Samples by label: ${summary || 'none'}`}
      >
        {counts.map((n, i) => (
          <rect
            key={labels[i] ?? i}
            x={i + 0.1}
            width={0.8}
            y={1 - Math.max(n > 0 ? 0.06 : 0.02, n / most)}
            height={Math.max(n > 0 ? 0.06 : 0.02, n / most)}
          />
        ))}
      </svg>
    </Tooltip>
  );
}
