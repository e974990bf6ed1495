import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { loadedByPages } from '../shared/hooks/useLoaded.ts';
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
      <QueryClientProvider client={loadedByPages}>
        <ErrorBoundary>
          <Routes />
        </ErrorBoundary>
      </QueryClientProvider>
    </MantineProvider>
  );
}
