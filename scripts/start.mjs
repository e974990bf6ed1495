// npm start: installs and builds what is missing, then becomes the server.
import { spawn } from 'node:child_process';
import { ensureInstalled, ensurePages, requireNode, root } from './prepare.mjs';

requireNode();
try {
  await ensureInstalled();
  await ensurePages();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

const server = spawn(process.execPath, ['apps/server/start.mjs'], {
  cwd: root,
  stdio: 'inherit',
});
// Ctrl-C reaches the whole process group; a supervisor's signal only this process.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.kill(signal));
server.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
