import { Alert, Button, Text } from '@mantine/core';
import type { StrataError } from '@strata/fl-core/protocol';
import { IconAlertTriangle } from '@tabler/icons-react';

/** An error as the protocol has it: what happened, and what to do about it. */
export function ErrorNotice({ error, onRetry }: { error: StrataError; onRetry?: () => void }) {
  return (
    <Alert
      color="red"
      variant="light"
      icon={<IconAlertTriangle size={18} />}
      title={error.message}
      role="alert"
      data-code={error.code}
    >
      <Text size="sm">{error.hint}</Text>
      {onRetry && (
        <Button size="compact-sm" variant="light" color="red" mt="xs" onClick={onRetry}>
          Try again
        </Button>
      )}
    </Alert>
  );
}
