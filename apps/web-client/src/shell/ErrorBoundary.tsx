import { Button, Code, Stack, Text, Title } from '@mantine/core';
import { Component, type ErrorInfo, type ReactNode } from 'react';

interface State {
  readonly error: Error | null;
}

/** Last resort: says what broke and offers the way back instead of a white page. */
export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override componentDidCatch(error: Error, info: ErrorInfo): void {
    console.error(error, info.componentStack);
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <Stack align="center" gap="sm" py="15vh" px="md" ta="center" role="alert">
        <Title order={1}>This page stopped working</Title>
        <Text c="dimmed">The run itself is not affected. Reloading brings the page back.</Text>
        <Code block>{error.message}</Code>
        <Button onClick={() => location.reload()}>Reload</Button>
      </Stack>
    );
  }
}
