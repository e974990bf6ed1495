import { Alert, Text } from '@mantine/core';
import { useLoaded } from '../shared/hooks/useLoaded.ts';
import { getReadiness } from './api.ts';

const lookMs = 10_000;

/** What the server lacks for now, and what its operator can do about it: nothing is shown while all is well. */
export function ServerLacks() {
  const readiness = useLoaded(['readiness'], getReadiness, { everyMs: lookMs });
  if (readiness.kind !== 'ready') return null;
  return readiness.value.lacks.map(({ what, message, hint }) => (
    <Alert key={what} color="ochre" variant="light" mb="md" role="status" data-testid={`lacks-${what}`}>
      <Text size="sm">
        <b>{message}</b> {hint}
      </Text>
    </Alert>
  ));
}
