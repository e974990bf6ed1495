/**
 * npm run dev: the server, started again when its code changes, behind the pages, which change in the open tab.
 * Vite is all that a browser talks to; the server is behind it on a port of its own and knows nothing of Vite.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../packages/harness/src/server.ts';
import { servePagesByVite } from './pages.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const host = process.env.HOST || '127.0.0.1';
const port = Number(process.env.PORT || 8080) || (await freePort());
const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host;

function startServer(serverPort: number): ChildProcess {
  return spawn(
    process.execPath,
    [
      join(repository, 'node_modules/tsx/dist/cli.mjs'),
      'watch',
      '--clear-screen=false',
      'apps/server/src/main.ts',
      // Its pages are never asked for.
      join(repository, 'scripts/dev/no-pages'),
    ],
    {
      cwd: repository,
      env: {
        ...process.env,
        HOST: '127.0.0.1',
        PORT: String(serverPort),
        DATA_DIR: process.env.DATA_DIR || './data/dev',
        PUBLIC_URL: process.env.PUBLIC_URL || `http://${shown}:${port}`,
      },
      // tsx would take the keyboard, on which Enter starts the server again.
      // In a group of its own: ctrl-C is passed on below, once. Twice, tsx would kill the server where it stands.
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
}

const serverPort = await freePort();
const vite = await servePagesByVite({ host, port, server: `http://127.0.0.1:${serverPort}` }).catch(
  (error: unknown) => {
    console.error(
      `Strata: ${error instanceof Error ? error.message : error}. Set PORT or HOST to another one.`,
    );
    process.exit(1);
  },
);
const server = startServer(serverPort);
let ending = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (!ending) server.kill('SIGTERM');
    ending = true;
  });
}
server.on('exit', async (code) => {
  await vite.close();
  process.exit(ending ? 0 : (code ?? 1));
});
