import { Stack, Title } from '@mantine/core';
import type { StrataError } from '@strata/fl-core/protocol';
import type { ReactNode } from 'react';
import { ErrorNotice } from './ErrorNotice.tsx';

interface PageErrorProps {
  /** What there is not, as the page's heading. */
  readonly title: string;
  readonly error: StrataError;
  readonly onRetry?: () => void;
  /** Where else to go. */
  readonly children?: ReactNode;
}

/** All that a page shows that cannot show what it is for. */
export function PageError({ title, error, onRetry, children }: PageErrorProps) {
  return (
    <Stack maw={560} gap="md">
      <Title order={1}>{title}</Title>
      <ErrorNotice error={error} {...(onRetry && { onRetry })} />
      {children}
    </Stack>
  );
}
