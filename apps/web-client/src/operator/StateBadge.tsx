import { Badge, type MantineColor } from '@mantine/core';
import type { RunState } from '@strata/fl-core/protocol';

const looks: Readonly<Record<RunState, { label: string; color: MantineColor }>> = {
  draft: { label: 'Draft', color: 'gray' },
  running: { label: 'Running', color: 'tide' },
  paused: { label: 'Paused', color: 'ochre' },
  finished: { label: 'Finished', color: 'blue' },
  stopped: { label: 'Stopped', color: 'gray' },
  failed: { label: 'Failed', color: 'red' },
};

export function StateBadge({ state }: { state: RunState }) {
  const { label, color } = looks[state];
  return (
    <Badge
      variant={state === 'running' ? 'dot' : 'light'}
      color={color}
      tt="none"
      fw={600}
      data-state={state}
    >
      {label}
    </Badge>
  );
}
