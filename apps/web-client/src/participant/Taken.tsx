import { Button, Group, Text, Title } from '@mantine/core';
import type { RunPublic } from '@strata/fl-core/protocol';
import { Card } from './Card.tsx';

/** Another tab of this browser takes part already: two would train as one. */
export function Taken({ run, onAnew }: { run: RunPublic; onAnew: () => void }) {
  return (
    <>
      <Title order={1}>{run.name}</Title>
      <Card title="You take part in another tab" testId="taken">
        <Text size="sm">
          This browser is in this run already, in another tab or window. Go back to it, or close it and reload
          this page to go on here. Nothing is trained in this tab.
        </Text>
        <Group mt="md">
          <Button onClick={() => location.reload()}>It is closed: go on here</Button>
          <Button variant="default" onClick={onAnew} data-testid="anew">
            Take part here as somebody else
          </Button>
        </Group>
      </Card>
    </>
  );
}
