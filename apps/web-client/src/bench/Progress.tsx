import { Alert, Progress as Bar, Button, CopyButton, Group, Text } from '@mantine/core';
import { IconCheck, IconCopy, IconDownload, IconPlayerStop } from '@tabler/icons-react';
import { useMemo } from 'react';
import { Panel } from '../shared/components/Panel.tsx';
import { saveAs } from '../shared/files/save-as.ts';
import { useNow } from '../shared/hooks/useNow.ts';
import { seconds } from '../shared/texts/format.ts';
import { type BenchSnapshot, isOver, progressOf, reportOf } from './snapshot.ts';
import { nowText, stateText } from './words.ts';

interface ProgressProps {
  readonly snapshot: BenchSnapshot;
  readonly onStop: () => void;
}

/** What is measured now, how far it is, the way to stop it, and the results to take away. */
export function Progress({ snapshot, onStop }: ProgressProps) {
  const progress = progressOf(snapshot);
  const over = isOver(snapshot);
  const share = progress === null ? 0 : progress.total === 0 ? 1 : progress.done / progress.total;
  return (
    <Panel title="Progress" testId="bench-progress" controls={<Elapsed snapshot={snapshot} />}>
      <div
        data-testid="bench-state"
        data-state={snapshot.state}
        data-done={progress?.done}
        data-total={progress?.total}
      >
        <Group justify="space-between" gap="xs" mb={6} wrap="nowrap" align="flex-start">
          <Text size="sm" role="status">
            {over ? stateText(snapshot.state) : nowText(progress?.now ?? null)}
          </Text>
          {progress !== null && (
            <Text size="sm" c="dimmed" className="tabular" flex="none">
              {progress.done} of {progress.total}
            </Text>
          )}
        </Group>
        <Bar.Root size="md">
          <Bar.Section
            value={100 * share}
            animated={!over}
            color={snapshot.state === 'failed' ? 'red' : 'tide'}
            aria-label="Rows measured"
          />
        </Bar.Root>
        {snapshot.hidden && (
          <Alert color="ochre" variant="light" mt="sm" title="The tab was in the background for a while">
            Browsers slow such tabs down, so that the times may be too long. Measure again with the tab in
            front.
          </Alert>
        )}
        <Group gap="xs" mt="md">
          {over ? (
            <TakeAway snapshot={snapshot} />
          ) : (
            <Button
              variant="default"
              leftSection={<IconPlayerStop size={16} />}
              onClick={onStop}
              data-testid="bench-stop"
            >
              Stop
            </Button>
          )}
        </Group>
      </div>
    </Panel>
  );
}

/** Since the start; stands still when it is over. */
function Elapsed({ snapshot: { began, ended } }: { snapshot: BenchSnapshot }) {
  const now = useNow(ended === null ? 1000 : 0);
  return (
    <Text size="sm" c="dimmed" className="tabular">
      {seconds(Math.max(0, (ended ?? now) - began) / 1000)}
    </Text>
  );
}

function TakeAway({ snapshot }: { snapshot: BenchSnapshot }) {
  const report = useMemo(() => reportOf(snapshot, navigator.userAgent), [snapshot]);
  if (snapshot.rows.length === 0) return null;
  return (
    <>
      <CopyButton value={report}>
        {({ copied, copy }) => (
          <Button leftSection={copied ? <IconCheck size={16} /> : <IconCopy size={16} />} onClick={copy}>
            {copied ? 'Copied' : 'Copy as JSON'}
          </Button>
        )}
      </CopyButton>
      <Button
        variant="default"
        leftSection={<IconDownload size={16} />}
        onClick={() => saveAs(new Blob([report], { type: 'application/json' }), 'strata-gpu.json')}
        data-testid="bench-save"
      >
        Save
      </Button>
    </>
  );
}
