import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const webClient = fileURLToPath(new URL('./apps/web-client', import.meta.url));

/** One config for the pages (root: apps/web-client) and for every unit and integration test. */
export default defineConfig(({ command, mode }) => ({
  root: mode === 'test' ? fileURLToPath(new URL('.', import.meta.url)) : webClient,
  plugins: [react()],
  worker: { format: 'es' },
  build: { outDir: `${webClient}/dist`, emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 2000 },
  define: command === 'build' ? { 'process.env.NODE_ENV': '"production"' } : {},
  test: {
    include: ['{packages,apps,experiments,bench,scripts,samples}/**/*.test.{ts,tsx}'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
  },
}));
