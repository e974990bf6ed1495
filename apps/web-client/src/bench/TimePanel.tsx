import { SimpleGrid, Title } from '@mantine/core';
import type { GpuRow } from '@strata/gpu-bench';
import { Panel } from '../shared/components/Panel.tsx';
import { milliseconds, percent, plural } from '../shared/texts/format.ts';
import classes from './Bench.module.css';
import { rowsOf, topKernels } from './groups.ts';
import { ShareBar } from './ShareBar.tsx';

/** Kernels of each model that are told by name. */
const most = 8;

/** Where the card's time goes in a full step; not there on devices without timestamps. */
export function TimePanel({ rows }: { rows: readonly GpuRow[] }) {
  const models = rowsOf(rows, 'kernels');
  if (models.length === 0) return null;
  return (
    <Panel
      title="Where the time goes"
      hint="The card’s own times of the kernels of one full step, each waited for: their sum is not the step’s time."
      testId="bench-time"
    >
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
        {models.map((row) => (
          <div key={row.model}>
            <Title order={3} size="h4" fz="sm" mb="xs">
              {row.model}: {milliseconds(row.ms)} in kernels
            </Title>
            <ol className={classes.kernels}>
              {topKernels(row, most).map(({ label, ms, dispatches, share }) => (
                <li key={label}>
                  <span className={classes.kernel}>{label}</span>
                  <span className={classes.kernelFigures}>
                    {milliseconds(ms)} · {percent(share, 0)} · {plural(dispatches, 'dispatch', 'dispatches')}
                  </span>
                  <ShareBar share={share} />
                </li>
              ))}
            </ol>
          </div>
        ))}
      </SimpleGrid>
    </Panel>
  );
}
