import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { ErrorBoundary } from './ErrorBoundary.tsx';
import { cspNonce } from './nonce.ts';
import { Routes } from './Routes.tsx';
import { resolver, theme } from './theme.ts';

export function App() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={resolver}
      defaultColorScheme="auto"
      getStyleNonce={cspNonce}
    >
      <Notifications position="bottom-right" limit={4} />
      <ErrorBoundary>
        <Routes />
      </ErrorBoundary>
    </MantineProvider>
  );
}
