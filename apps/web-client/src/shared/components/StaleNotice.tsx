import { Alert } from '@mantine/core';
import type { StrataError } from '@strata/fl-core/protocol';
import { IconPlugConnectedX } from '@tabler/icons-react';

/** What is shown could not be loaded again; it is tried again by itself. */
export function StaleNotice({ why }: { why: StrataError | null }) {
  if (why === null) return null;
  return (
    <Alert
      color="ochre"
      variant="light"
      mb="md"
      icon={<IconPlugConnectedX size={18} />}
      title={`Not up to date: ${why.message}`}
      role="status"
      data-testid="stale"
    >
      What you see is the last that was known. {why.hint} The page tries again by itself.
    </Alert>
  );
}
