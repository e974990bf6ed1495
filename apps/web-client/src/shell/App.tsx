import { MantineProvider } from '@mantine/core';
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
      <ErrorBoundary>
        <Routes />
      </ErrorBoundary>
    </MantineProvider>
  );
}
