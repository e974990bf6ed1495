import { ScrollArea, SegmentedControl, Text, TextInput } from '@mantine/core';
import type { RunEvent } from '@strata/fl-core/protocol';
import { IconSearch } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { Panel } from '../../shared/components/Panel.tsx';
import { filterEvents, type MinimumLevel } from '../events.ts';
import classes from './EventLog.module.css';

const choices = [
  { value: 'info', label: 'All' },
  { value: 'warning', label: 'Warnings' },
  { value: 'error', label: 'Errors' },
] as const satisfies readonly { value: MinimumLevel; label: string }[];

const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export function EventLog({ events }: { events: readonly RunEvent[] }) {
  const [minimum, setMinimum] = useState<MinimumLevel>('info');
  const [search, setSearch] = useState('');
  const shown = useMemo(() => filterEvents(events, minimum, search), [events, minimum, search]);
  return (
    <Panel
      title="Events"
      flush
      testId="events"
      controls={
        <div className={classes.controls}>
          <TextInput
            size="xs"
            aria-label="Filter events"
            placeholder="Filter"
            leftSection={<IconSearch size={14} />}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          <SegmentedControl
            size="xs"
            aria-label="Least level"
            data={choices.map((c) => ({ ...c }))}
            value={minimum}
            onChange={(value) => setMinimum(choices.find((c) => c.value === value)?.value ?? 'info')}
          />
        </div>
      }
    >
      <ScrollArea.Autosize
        mah={300}
        type="auto"
        viewportProps={{ tabIndex: 0, role: 'log', 'aria-live': 'off', 'aria-label': 'Event log' }}
      >
        {shown.length === 0 && (
          <Text size="sm" c="dimmed" p="md" pt={0}>
            {events.length === 0 ? 'Nothing has happened yet.' : 'No event matches.'}
          </Text>
        )}
        <ol className={classes.list}>
          {shown.map((event) => (
            <li key={event.id} className={classes.event} data-level={event.level} data-kind={event.kind}>
              <time dateTime={new Date(event.at).toISOString()}>{time.format(event.at)}</time>
              <span className={classes.level}>{event.level}</span>
              <span className={classes.message}>{event.message}</span>
              <span className={classes.round}>{event.round !== null && `round ${event.round}`}</span>
            </li>
          ))}
        </ol>
      </ScrollArea.Autosize>
    </Panel>
  );
}
