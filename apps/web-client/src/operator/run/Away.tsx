import { Alert, Group, Loader, Text } from '@mantine/core';

/** The server is away. Nothing needs doing: the run goes on from its last committed round when it is back. */
export function Away() {
  return (
    <Alert color="ochre" variant="light" mb="md" role="status" data-testid="reconnecting">
      <Group gap="sm" wrap="nowrap">
        <Loader size="xs" color="ochre" />
        <Text size="sm">
          <b>Reconnecting to the server.</b> What you see is the last that was known; the page catches up by
          itself.
        </Text>
      </Group>
    </Alert>
  );
}
