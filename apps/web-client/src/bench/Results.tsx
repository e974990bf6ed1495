import { Text } from '@mantine/core';
import type { GpuRow } from '@strata/gpu-bench';
import { Panel } from '../shared/components/Panel.tsx';
import classes from './Bench.module.css';
import { DevicePanel } from './DevicePanel.tsx';
import { rowsOf } from './groups.ts';
import { KernelTables } from './KernelTables.tsx';
import { StepsPanel } from './StepsPanel.tsx';
import { TimePanel } from './TimePanel.tsx';

/** The rows that came so far, what they have in common together. */
export function Results({ rows }: { rows: readonly GpuRow[] }) {
  const failed = rowsOf(rows, 'failed');
  return (
    <>
      {failed.length > 0 && (
        <Panel title="What could not be measured" testId="bench-failed">
          <ul className={classes.failures}>
            {failed.map(({ what, reason }) => (
              <li key={what}>
                <Text size="sm" fw={550}>
                  {what}
                </Text>
                <Text size="sm" c="dimmed">
                  {reason}
                </Text>
              </li>
            ))}
          </ul>
        </Panel>
      )}
      <DevicePanel rows={rows} />
      <StepsPanel rows={rows} />
      <TimePanel rows={rows} />
      <KernelTables rows={rows} />
    </>
  );
}
