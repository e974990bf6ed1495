import { ActionIcon, Button, Group, NumberInput, Progress, Stack, Text, Tooltip } from '@mantine/core';
import type { RunView, SampleId } from '@strata/fl-core/protocol';
import { IconUsersPlus, IconX } from '@tabler/icons-react';
import { useState, useSyncExternalStore } from 'react';
import { Panel } from '../../shared/components/Panel.tsx';
import classes from './DemoPanel.module.css';
import { type DemoParticipant, demoParticipants } from './demo-participants.ts';
import { phaseText } from './phase-text.ts';
import { shardCount } from './shards.ts';

const hint =
  'Each one is a real participant in a worker of this tab, with a part of the sample data that no other demo participant has. They leave when the tab is closed.';

interface DemoPanelProps {
  readonly run: RunView;
  readonly sample: SampleId;
  /** Whether the server is there to be joined. */
  readonly live: boolean;
}

/** Lets one person see a whole run: participants that train in this browser. */
export function DemoPanel({ run, sample, live }: DemoPanelProps) {
  const all = useSyncExternalStore(demoParticipants.subscribe, demoParticipants.snapshot);
  const mine = all.filter((p) => p.run === run.id);
  const room = shardCount - mine.length;
  const [wanted, setWanted] = useState(3);

  return (
    <Panel title="Demo participants" hint={hint} testId="demo-panel">
      <Stack gap="sm">
        {mine.length === 0 && (
          <Text size="sm" c="dimmed">
            Nobody at hand? Let this browser play the participants, on the built-in sample data.
          </Text>
        )}
        {mine.map((participant) => (
          <DemoRow key={participant.handle.snapshot().client} participant={participant} />
        ))}
        <Group gap="xs" align="end">
          <NumberInput
            aria-label="How many demo participants to add"
            size="sm"
            w={72}
            min={1}
            max={Math.max(1, room)}
            clampBehavior="strict"
            allowDecimal={false}
            value={Math.min(wanted, Math.max(1, room))}
            onChange={(value) => setWanted(Number(value) || 1)}
            disabled={!live || room === 0}
          />
          <Button
            variant="light"
            leftSection={<IconUsersPlus size={16} />}
            disabled={!live || room === 0}
            onClick={() => demoParticipants.add(run, sample, Math.min(wanted, room))}
          >
            Add demo participants
          </Button>
        </Group>
      </Stack>
    </Panel>
  );
}

function DemoRow({ participant }: { participant: DemoParticipant }) {
  const { handle, name } = participant;
  const snapshot = useSyncExternalStore(handle.subscribe, handle.snapshot);
  const { label, fraction } = phaseText(snapshot.phase);
  const failed = snapshot.phase.kind === 'failed';
  return (
    <div className={classes.row} data-client={snapshot.client} data-phase={snapshot.phase.kind}>
      <Text size="sm" fw={550} truncate>
        {name}
      </Text>
      <Text size="xs" c={failed ? 'red' : 'dimmed'} className={classes.state} title={label} truncate>
        {label}
        {snapshot.device && ` · ${snapshot.device.backend}`}
      </Text>
      <Tooltip label={`Stop ${name}`}>
        <ActionIcon size="sm" aria-label={`Stop ${name}`} onClick={() => demoParticipants.stop(participant)}>
          <IconX size={14} />
        </ActionIcon>
      </Tooltip>
      <Progress
        className={classes.bar}
        size={3}
        value={100 * (fraction ?? 0)}
        aria-label={`${name}: ${label}`}
        transitionDuration={200}
      />
    </div>
  );
}
